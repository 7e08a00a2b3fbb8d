/** What `global-setup.ts` makes once for a run and hands to every test file through Vitest's `inject`. */
import type { PostgresAddress } from './postgres-server.ts';

export interface RunContext {
  /** The run's PostgreSQL 18, with a superuser. */
  postgres: PostgresAddress;
  /** A copy of `dist/entrypoint.js` as it was built for this run. */
  bundle: string;
  /** The folder with the bundled seeds of `tests/fixtures/seeds`. */
  seeds: string;
}

declare module 'vitest' {
  interface ProvidedContext extends RunContext {}
}
