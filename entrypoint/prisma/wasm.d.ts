/** The bundle carries a WebAssembly module as brotli-compressed bytes in base64. */
declare module '*.wasm' {
  const brotliBase64: string;
  export default brotliBase64;
}
