import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CONFIG = `import { defineConfig, env } from 'prisma/config';
export default defineConfig({ schema: 'prisma/schema.prisma', datasource: { url: env('DATABASE_URL') } });
`;

/** An app that has the package `prisma` of this repository; its native engine is the stand-in of `tests/fixtures`. */
async function createApp(migrations: Record<string, string>) {
  const app = await createStandalone({ migrations, files: { 'prisma.config.ts': CONFIG } });
  for (const name of ['prisma', '@prisma'])
    await symlink(join(ROOT, 'node_modules', name), app.path('node_modules', name));
  const run = (url: string, command = 'migrate', engine = 'cli') =>
    runBundle({
      dir: app.dir,
      args: [command],
      env: {
        DATABASE_URL: url,
        ENTRYPOINT_MIGRATE_ENGINE: engine,
        PRISMA_SCHEMA_ENGINE_BINARY: join(ROOT, 'tests/fixtures/schema-engine.mjs'),
      },
    });
  return { app, run };
}

describe('the real Prisma CLI', () => {
  test('applies what is pending, and its records are ours: nothing is left for either engine', async () => {
    const { app, run } = await createApp({ '0001_users': USERS_MIGRATION });
    const database = await createDatabase();
    const first = await run(database.url);
    expect(first, first.stdout).toMatchObject({ code: 0 });
    const said = first.logs.filter(({ event }) => event === 'output').map(({ msg }) => msg);
    expect(said.join('\n')).toContain('0001_users');
    await app.addMigration('0002_more', 'CREATE TABLE more ();');
    const embedded = await run(database.url, 'migrate', 'embedded');
    expect(embedded, embedded.stdout).toMatchObject({ code: 0 });
    await app.addMigration('0003_last', 'CREATE TABLE last ();');
    const last = await run(database.url);
    expect(last, last.stdout).toMatchObject({ code: 0 });
    const records = await database.migrations();
    expect(
      records.map((record) => [record.migration_name, record.finished, record.applied_steps_count]),
    ).toEqual([
      ['0001_users', true, 1],
      ['0002_more', true, 1],
      ['0003_last', true, 1],
    ]);
    expect(await run(database.url, 'status')).toMatchObject({ code: 0 });
  });

  test('that meets a migration that fails: exit 65, with what it said, and P3009 at the next start', async () => {
    const { run } = await createApp({ '0001_fails': 'CREATE TABLE a (id nonsense);' });
    const database = await createDatabase();
    const failed = await run(database.url);
    expect(failed, failed.stdout).toMatchObject({ code: 65 });
    const { error } = failed.logs.at(-1) ?? {};
    expect(error).toMatchObject({
      code: 'MIGRATION_FAILED',
      problems: [{ message: expect.stringContaining('prisma migrate deploy') }],
    });
    expect(JSON.stringify(error)).toContain('type \\"nonsense\\" does not exist');
    const again = await run(database.url);
    expect(again).toMatchObject({ code: 65 });
    expect(again.logs.at(-1)?.error?.code).toBe('MIGRATION_UNRESOLVED');
  });

  test('that meets tables that no migration made: P3005, exit 65', async () => {
    const { run } = await createApp({ '0001_users': USERS_MIGRATION });
    const database = await createDatabase();
    await database.query('CREATE TABLE foreign_table (id int)');
    const refused = await run(database.url);
    expect(refused, refused.stdout).toMatchObject({ code: 65 });
    expect(refused.logs.at(-1)?.error?.code).toBe('DATABASE_NOT_EMPTY');
  });

  test('gets a password with every kind of character', async () => {
    const { run } = await createApp({ '0001_users': USERS_MIGRATION });
    const owner = await createRole();
    const database = await createDatabase({ owner });
    const { code, stdout } = await run(database.urlFor(owner));
    expect(code, stdout).toBe(0);
  });
});
