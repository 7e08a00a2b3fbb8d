import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const USERS = 'model users {\n  id   Int @id\n  made Int @default(dbgenerated("reach()"))\n}\n';

describe('a push with a schema of another role, named as ours, which comes first in the search path', () => {
  async function prepare() {
    const app = await createStandalone({
      omit: ['prisma/migrations'],
      schema: `datasource db {\n  provider = "postgresql"\n}\n${USERS}`,
      server: 'crashing',
    });
    const [ours, other] = [await createRole(), await createRole()];
    const database = await createDatabase();
    await database.query(`GRANT CREATE ON DATABASE ${database.name} TO ${other.name};
      GRANT ALL ON SCHEMA public TO ${ours.name}`);
    const attacker = await database.connect(database.urlFor(other));
    const take = () =>
      attacker.query(`CREATE SCHEMA ${ours.name}; GRANT ALL ON SCHEMA ${ours.name} TO PUBLIC;
        CREATE FUNCTION ${ours.name}.reach() RETURNS int LANGUAGE sql AS 'SELECT 1'`);
    const tables = () =>
      database.query("SELECT schemaname, tablename FROM pg_tables WHERE tablename IN ('users', 'gone')");
    const env = { DATABASE_URL: database.urlFor(ours), ENTRYPOINT_MIGRATE: 'push', FIXTURE_EXIT_CODE: '0' };
    return { app, database, ours, attacker, take, tables, env };
  }

  test('makes no tables there, and runs no seed: check, status and start end with 65', async () => {
    const { app, database, take, tables, env } = await prepare();
    await take();
    await database.query("CREATE FUNCTION public.reach() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    const seeded = join(app.dir, 'seeded');
    const seed = {
      ENTRYPOINT_SEED_COMMAND: `node -e "require('node:fs').writeFileSync('${seeded}', '')"`,
    };
    for (const args of [['check'], ['status'], ['start']]) {
      const { code, stdout, stderr } = await runBundle({ dir: app.dir, args, env: { ...env, ...seed } });
      expect(code, stdout + stderr).toBe(65);
      expect(stdout + stderr).toMatch(/named as this role.*found one that role \\?"role_\w+\\?" owns/s);
    }
    expect(await tables()).toEqual([]);
    await expect(access(seeded)).rejects.toThrow('ENOENT');
    const named = database.urlFor(undefined, { schema: 'public' });
    const started = await runBundle({ dir: app.dir, args: ['start'], env: { ...env, DATABASE_URL: named } });
    expect(started.code, started.stdout).toBe(0);
    expect(await tables()).toEqual([{ schemaname: 'public', tablename: 'users' }]);
  });

  test('makes none there either if it appears while the push waits for the lock of Prisma', async () => {
    const { app, attacker, take, tables, env } = await prepare();
    await attacker.query('SELECT pg_advisory_lock(72707369)');
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
    await boot.waitForLine(/waiting up to .* for the Prisma migration lock/);
    await take();
    await attacker.query('SELECT pg_advisory_unlock(72707369)');
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(boot.stdout).toMatch(/found one that role \\?"role_\w+\\?" owns/);
    expect(await tables()).toEqual([]);
  });

  test('runs no function there if it appears while the push counts rows', async () => {
    const { app, database, ours, attacker, take, tables, env } = await prepare();
    await database.query(`CREATE TABLE gone (id int); ALTER TABLE gone OWNER TO ${ours.name};
      GRANT SELECT ON gone TO PUBLIC`);
    await attacker.query('BEGIN; LOCK TABLE gone IN ACCESS SHARE MODE');
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env });
    await expect
      .poll(() => database.query("SELECT FROM pg_locks WHERE NOT granted AND relation = 'gone'::regclass"))
      .toHaveLength(1);
    await take();
    await attacker.query('COMMIT');
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(boot.stdout).toContain('ERROR 42883: function reach() does not exist');
    expect(await tables()).toEqual([{ schemaname: 'public', tablename: 'gone' }]);
  });
});
