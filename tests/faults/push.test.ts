import { beforeAll, describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../entrypoint/core/fault-point.ts';
import { type BundleProcess, runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../helpers/database.ts';
import type { Standalone } from '../helpers/standalone.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

const SCHEMA = `datasource db {\n  provider = "postgresql"\n}\nmodel users {\n  id   Int @id\n  name String?\n}\n`;

let app: Standalone;
beforeAll(async () => {
  app = await createFaultyApp({ omit: ['prisma/migrations'], schema: SCHEMA });
});

async function holdAt(point: FaultPoint, url: string, args = ['migrate']): Promise<BundleProcess> {
  const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATE: 'push', ZARPE_FAULT: `hold:${point}:1` };
  const boot = await startBundle({ dir: app.dir, args, env, stdin: 'pipe' });
  await boot.waitForLine(new RegExp(`"fault":"${point}"`));
  return boot;
}

/** Runs a statement to its end, or until it waits for a lock. Its outcome is for later. */
async function attempt(database: Database, sql: string): Promise<{ done: Promise<boolean> }> {
  const session = await database.connect();
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  let isOver = false;
  const done = session.query(sql).then(
    () => true,
    () => false,
  );
  void done.then(() => {
    isOver = true;
  });
  const waits = `SELECT FROM pg_locks WHERE pid = ${rows[0]?.pid} AND NOT granted`;
  await expect.poll(async () => isOver || (await database.query(waits)).length > 0).toBe(true);
  return { done };
}

describe('what another session writes while a push is underway', () => {
  const BEFORE = 'CREATE TABLE users (id int PRIMARY KEY, name text, gone text);';
  test.each([
    [
      'a row of a table that it drops',
      `${BEFORE} CREATE TABLE notes (id int)`,
      'INSERT INTO notes VALUES (1)',
      'notes',
    ],
    [
      'a value of a column that it drops',
      BEFORE,
      `INSERT INTO users VALUES (1, 'a', 'b')`,
      'users WHERE gone IS NOT NULL',
    ],
  ])('%s is there afterwards, or was never committed', async (_title, before, insert, from) => {
    const database = await createDatabase();
    await database.query(before);
    const boot = await holdAt('push:planned', database.url);
    const inserted = await attempt(database, insert);
    boot.stdin?.write('\n');
    const { code } = await boot.exit;
    if (await inserted.done) {
      expect(await database.query(`SELECT FROM ${from}`)).toHaveLength(1);
      expect(code).toBe(65);
    } else {
      expect(code).toBe(0);
    }
  });

  test.each([
    [
      `${BEFORE} CREATE TABLE notes (id int)`,
      'INSERT INTO notes VALUES (1)',
      'notes',
      'drop the `notes` table',
    ],
    [BEFORE, `INSERT INTO users VALUES (1, 'a', 'b')`, 'users', 'drop the column `gone`'],
  ])('is refused where it was committed before the lock', async (before, insert, from, words) => {
    const database = await createDatabase();
    await database.query(before);
    const boot = await holdAt('lock:before', database.url);
    await database.query(insert);
    boot.stdin?.write('\n');
    expect(await boot.exit).toMatchObject({ code: 65 });
    expect(boot.logs.at(-1)?.error).toMatchObject({ code: 'PUSH_REFUSED' });
    expect(JSON.stringify(boot.logs.at(-1))).toContain(words);
    expect(await database.query(`SELECT FROM ${from}`)).toHaveLength(1);
  });
});

test.each([['engine:statement'], ['lock:taken'], ['push:planned'], ['push:committed']])(
  'a push killed at %s is whole or nothing, and the next start finishes it',
  async (point) => {
    const database = await createDatabase();
    await database.query('CREATE TABLE notes (id int)');
    const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE: 'push' };
    const tables = async () =>
      (
        await database.query<{ name: string }>(
          `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
        )
      ).map(({ name }) => name);
    const killed = await startBundle({
      dir: app.dir,
      args: ['migrate'],
      env: { ...env, ZARPE_FAULT: `kill:${point}:1` },
    });
    expect(await killed.exit).toMatchObject({ signal: 'SIGKILL' });
    expect(await tables()).toEqual(point === 'push:committed' ? ['users'] : ['notes']);
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
    expect(await tables()).toEqual(['users']);
  },
);

describe('a table that another role makes after the tables were looked at', () => {
  const MAKES = {
    'the expression of an index': 'CREATE TABLE loot (id int); CREATE INDEX ON loot ((id + watch.evil(1)))',
    'the key of its partitions':
      'CREATE TABLE loot (id int) PARTITION BY RANGE ((id + watch.evil(1))); CREATE TABLE loot_1 PARTITION OF loot DEFAULT',
    'its name': 'CREATE TABLE "users"" WHERE watch.evil(1) > 0 --" (id int)',
  };
  for (const [what, make] of Object.entries(MAKES))
    test.each([['migrate'], ['check']])(`runs no code of that role in ${what}: %s`, async (command) => {
      const database = await createDatabase();
      const [ours, theirs] = [await createRole(), await createRole()];
      await database.query(`GRANT CREATE ON SCHEMA public TO ${ours.name}, ${theirs.name};
        CREATE SCHEMA watch; GRANT USAGE ON SCHEMA watch TO PUBLIC; GRANT CREATE ON SCHEMA watch TO ${theirs.name};
        CREATE TABLE users (id int PRIMARY KEY, name text, gone text); ALTER TABLE users OWNER TO ${ours.name};
        CREATE SEQUENCE watch.reached; GRANT USAGE ON SEQUENCE watch.reached TO PUBLIC`);
      const attacker = await database.connect(database.urlFor(theirs));
      await attacker.query(`CREATE FUNCTION watch.reach() RETURNS int VOLATILE LANGUAGE plpgsql AS
          $$ BEGIN IF current_user = '${ours.name}' THEN PERFORM nextval('watch.reached'); END IF; RETURN 1; END $$;
        CREATE FUNCTION watch.evil(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN watch.reach(); END';
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC`);
      const boot = await holdAt('engine:statement', database.urlFor(ours), [command]);
      await attacker.query(make);
      boot.stdin?.write('\n');
      expect(await boot.exit).toMatchObject({ code: 65 });
      expect(boot.stdout).toMatch(new RegExp(`${theirs.name}|contains a double quote`));
      expect(await database.query('SELECT is_called FROM watch.reached')).toEqual([{ is_called: false }]);
    });
});

test('a replica that looks while another one pushes waits for it, however long that takes', async () => {
  const database = await createDatabase();
  await database.query('CREATE TABLE users (id int PRIMARY KEY, name text, gone text)');
  const first = await holdAt('push:planned', database.url);
  const second = await startBundle({
    dir: app.dir,
    args: ['migrate'],
    env: {
      DATABASE_URL: database.url,
      ENTRYPOINT_MIGRATE: 'push',
      ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '100ms',
      ENTRYPOINT_DB_TIMEOUT: '20s',
    },
  });
  await second.waitForLog({ step: 'lock', event: 'waiting' });
  first.stdin?.write('\n');
  expect(await first.exit).toMatchObject({ code: 0 });
  expect(await second.exit).toMatchObject({ code: 0 });
  expect(second.logs.some(({ event }) => event === 'blocked')).toBe(false);
});
