/** Prisma's schema engine, compressed with brotli, then in Base85; made by esbuild.config.mjs. */
declare module 'zarpe:schema-engine.wasm' {
  export const text: string;
  /** Of the compressed engine, in bytes. */
  export const length: number;
}
