import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

/** A view whose rows are read by a function of its owner, with the rights of whoever reads. */
const PLANT = `CREATE FUNCTION public.reach() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
  CREATE VIEW public._prisma_migrations AS SELECT public.reach() AS id, ''::text AS checksum, now() AS finished_at,
    ''::text AS migration_name, ''::text AS logs, now() AS rolled_back_at, now() AS started_at, 1 AS applied_steps_count;
  GRANT ALL ON public._prisma_migrations TO PUBLIC`;

test.each(['engine:load', 'engine:start'])(
  'a history that another role puts there at %s, after it was looked for, is neither read nor written',
  async (point) => {
    const app = await createFaultyApp({});
    const [owner, other] = [await createRole(), await createRole()];
    const database = await createDatabase({ owner });
    await database.query(`GRANT CREATE ON SCHEMA public TO ${owner.name}, ${other.name}`);
    const env = { DATABASE_URL: database.urlFor(owner), ZARPE_FAULT: `hold:${point}:1` };
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env, stdin: 'pipe' });
    await boot.waitForLine(/"fault"/);
    const session = await database.connect(database.urlFor(other));
    await session.query(PLANT);
    await session.end();
    boot.stdin?.write('\n');
    const { code } = await boot.exit;
    expect(code, boot.stdout).toBe(65);
    expect(boot.stdout).not.toContain('trapped');
  },
);

const SWAP = `CREATE FUNCTION public.reach() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
  CREATE TABLE app._prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name text,
    logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
  INSERT INTO app._prisma_migrations (id) VALUES ('1');
  CREATE POLICY planted ON app._prisma_migrations USING (public.reach());
  ALTER TABLE app._prisma_migrations ENABLE ROW LEVEL SECURITY;
  GRANT ALL ON app._prisma_migrations TO PUBLIC`;

test.each(['engine:load', 'engine:start'])(
  'a table that the owner of the schema puts in the place of a history at %s has none of its policies run',
  async (point) => {
    const app = await createFaultyApp({ migrations: { '0001_users': 'CREATE TABLE users (n int)' } });
    const [owner, other] = [await createRole(), await createRole()];
    const database = await createDatabase({ owner });
    await database.query(`CREATE SCHEMA app AUTHORIZATION ${other.name}; GRANT ALL ON SCHEMA app TO ${owner.name};
      GRANT CREATE ON SCHEMA public TO ${other.name}`);
    const env = { DATABASE_URL: database.urlFor(owner, { schema: 'app' }) };
    const first = await startBundle({ dir: app.dir, args: ['migrate'], env });
    expect((await first.exit).code, first.stdout).toBe(0);
    await app.addMigration('0002_more', 'CREATE TABLE more (n int)');
    const held = { ...env, ZARPE_FAULT: `hold:${point}:1` };
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env: held, stdin: 'pipe' });
    await boot.waitForLine(/"fault"/);
    const session = await database.connect(database.urlFor(other));
    await session.query(`DROP TABLE app._prisma_migrations; ${SWAP}`);
    await session.end();
    boot.stdin?.write('\n');
    const { code } = await boot.exit;
    expect(code, boot.stdout).toBe(65);
    expect(boot.stdout).toMatch(/found one that role/);
    expect(boot.stdout).not.toContain('trapped');
  },
);

test('a table that is put in the place of an unusual history while that is looked at is not read', async () => {
  const app = await createFaultyApp({ migrations: { '0001_users': 'CREATE TABLE users (n int)' } });
  const [owner, other] = [await createRole(), await createRole()];
  const database = await createDatabase({ owner });
  await database.query(`CREATE SCHEMA app AUTHORIZATION ${other.name}; GRANT ALL ON SCHEMA app TO ${owner.name};
    GRANT CREATE ON SCHEMA public TO ${owner.name}, ${other.name}`);
  const env = { DATABASE_URL: database.urlFor(owner, { schema: 'app' }) };
  const first = await startBundle({ dir: app.dir, args: ['migrate'], env });
  expect((await first.exit).code, first.stdout).toBe(0);
  const ours = await database.connect(database.urlFor(owner));
  await ours.query(`CREATE FUNCTION public.kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER kept BEFORE UPDATE ON app._prisma_migrations FOR EACH ROW EXECUTE FUNCTION public.kept()`);
  const held = { ...env, ZARPE_FAULT: 'hold:survey:before:2' };
  const boot = await startBundle({ dir: app.dir, args: ['status'], env: held, stdin: 'pipe' });
  await boot.waitForLine(/"fault"/);
  const session = await database.connect(database.urlFor(other));
  await session.query(`CREATE FUNCTION public.evil() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
      IF current_user = '${owner.name}' THEN RAISE EXCEPTION 'trapped'; END IF; RETURN 1; END $$;
    DROP TABLE app._prisma_migrations;
    CREATE TABLE app._prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name text,
      logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
    CREATE INDEX ON app._prisma_migrations ((applied_steps_count + public.evil()));
    GRANT ALL ON app._prisma_migrations TO PUBLIC`);
  boot.stdin?.write('\n');
  const { code } = await boot.exit;
  expect(boot.describe()).not.toContain('trapped');
  expect(code, boot.describe()).toBe(65);
});

test('a statement of the engine that another session cancels ends the boot with 75', async () => {
  const app = await createFaultyApp({});
  const owner = await createRole();
  const database = await createDatabase({ owner });
  const env = { DATABASE_URL: database.urlFor(owner) };
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  await app.addMigration('9999_more', 'SELECT 1');
  const held = { ...env, ZARPE_FAULT: 'hold:engine:start:1' };
  const boot = await startBundle({ dir: app.dir, args: ['migrate'], env: held, stdin: 'pipe' });
  await boot.waitForLine(/"fault"/);
  const blocker = await database.connect();
  await blocker.query('BEGIN; LOCK TABLE _prisma_migrations');
  boot.stdin?.write('\n');
  await expect
    .poll(async () => {
      const rows = await database.query(`SELECT FROM pg_stat_activity, pg_cancel_backend(pid)
        WHERE usename = '${owner.name}' AND wait_event_type = 'Lock'`);
      return rows.length;
    })
    .toBe(1);
  const { code } = await boot.exit;
  expect(code, boot.stdout).toBe(75);
  expect(boot.stdout).toContain('57014');
});
