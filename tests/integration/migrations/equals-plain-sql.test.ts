import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, type Database, dumpSchema } from '../../helpers/database.ts';
import { startServer } from '../../helpers/postgres.ts';
import { POSTGRES_VERSIONS } from '../../helpers/postgres-versions.ts';
import { createStandalone } from '../../helpers/standalone.ts';
import { APP_HISTORY, DUMPED_HISTORY } from './histories.ts';

const HISTORIES = {
  'of an app, from the first table to what nobody should do': APP_HISTORY,
  'that begins with a dump': DUMPED_HISTORY,
};

/** As psql would: each script whole, as one query of a connection of its own. */
async function sendPlainly(database: Database, scripts: Record<string, string | Buffer>): Promise<void> {
  const names = Object.keys(scripts).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const name of names) {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    const script = String(scripts[name]).replace(/^\uFEFF/, '');
    await client.query(script).finally(() => client.end());
  }
}

for (const { title, options } of POSTGRES_VERSIONS) {
  describe.skipIf(options === undefined)(`on ${title}`, () => {
    for (const [what, migrations] of Object.entries(HISTORIES)) {
      test(`a history ${what} makes the schema that its scripts make`, async () => {
        const server = title === 'PostgreSQL 18' ? {} : { server: await startServer(options) };
        const [ours, plain] = [await createDatabase(server), await createDatabase(server)];
        const app = await createStandalone({ migrations });
        const boot = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: ours.url } });
        expect(boot.code).toBe(0);
        await sendPlainly(plain, migrations);
        const dump = await dumpSchema(ours.url, { exclude: /_prisma_migrations/ });
        expect(dump).toBe(await dumpSchema(plain.url));
        expect(dump.length).toBeGreaterThan(500);
        const records = await ours.migrations();
        expect(records).toHaveLength(Object.keys(migrations).length);
        expect(
          records.filter(({ finished, applied_steps_count: steps }) => !finished || steps !== 1),
        ).toEqual([]);
      });
    }
  });
}
