/** Prisma's schema engine, compressed with brotli, then in Base91; made by esbuild.config.mjs. */
declare module 'zarpe:schema-engine.wasm' {
  export const text: string;
  /** Of the compressed engine, in bytes. */
  export const length: number;
}

/** Node.js has it, but TypeScript declares it only with what a browser has. */
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
    imports: Record<string, object>,
  ): Promise<{ instance: { exports: Record<string, unknown> } }>;
}
