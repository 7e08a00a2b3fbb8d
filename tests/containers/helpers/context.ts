/** What `global-setup.ts` makes once for a run and hands to every test file through Vitest's `inject`. */
export interface ContainerContext {
  /** A few characters that only this run has. */
  run: string;
  /** The repository as a clean clone has it: what git tracks or would, nothing it ignores. */
  clone: string;
  /** The image of the `runner` stage. */
  image: string;
  /** The image of the `distroless` stage. */
  distroless: string;
  /** A word that lay in the clone's `.env` while the images were built. */
  canary: string;
}

declare module 'vitest' {
  interface ProvidedContext extends ContainerContext {}
}
