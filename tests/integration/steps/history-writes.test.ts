import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database } from '../../helpers/database.ts';
import { hasPgBouncer, pgBouncerTitle, startPgBouncer } from '../../helpers/pgbouncer.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const COLUMNS = `id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0`;

/** What runs as us tells of it; what the attacker runs as itself does not count. */
const EVIL = `CREATE FUNCTION evil() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
    INSERT INTO public.reached VALUES (current_user); RETURN true; END $$;
  CREATE FUNCTION evil_trigger() RETURNS trigger LANGUAGE plpgsql VOLATILE AS $$ BEGIN
    PERFORM public.evil(); RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END $$;
  GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO PUBLIC`;

const TRIGGER = 'FOR EACH ROW EXECUTE FUNCTION public.evil_trigger()';

/** A way to run a script, and one that is recorded so. */
const SCRIPTS = {
  'one transaction': 'CREATE TABLE other (n int)',
  'a statement that commits by itself': 'CREATE INDEX CONCURRENTLY users_n ON users (n)',
  'transactions of its own': `BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM users; COMMIT;
    BEGIN; CREATE TABLE other (n int); COMMIT`,
  'a block that commits': 'DO $$ BEGIN COMMIT; END $$',
};

/** A database that the first migration of an app is applied to, and a role that was granted everything on its tables. */
async function prepare(schemaOwner: 'ours' | 'theirs', settings: Record<string, string> = {}) {
  const [ours, theirs] = [await createRole({ settings }), await createRole()];
  const database = await createDatabase({ owner: ours });
  await database.query(`CREATE TABLE public.reached (role text); GRANT INSERT ON public.reached TO PUBLIC;
    GRANT CREATE ON SCHEMA public TO ${theirs.name};
    CREATE SCHEMA app AUTHORIZATION ${{ ours, theirs }[schemaOwner].name};
    GRANT ALL ON SCHEMA app TO ${ours.name}, ${theirs.name}`);
  const app = await createStandalone({
    migrations: {
      '0001_users': 'CREATE TABLE users (n int)',
    },
    server: 'crashing',
  });
  const env = {
    DATABASE_URL: database.urlFor(ours, { schema: 'app' }),
    ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '30s',
    FIXTURE_EXIT_CODE: '0',
  };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA app TO ${theirs.name}`);
  const attacker = await database.connect(database.urlFor(theirs));
  await attacker.query(EVIL);
  const start = (args: string[], DATABASE_URL = env.DATABASE_URL) =>
    startBundle({ dir: app.dir, args, env: { ...env, DATABASE_URL } });
  const run = (args: string[]) => runBundle({ dir: app.dir, args, env });
  const reached = () => database.query(`SELECT role FROM reached WHERE role <> '${theirs.name}'`);
  return { database, app, attacker, ours, theirs, url: env.DATABASE_URL, start, run, reached };
}

function untilSomebodyWaits(database: Database, table: string) {
  return expect
    .poll(() =>
      database.query(
        `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'app.${table}'::regclass`,
      ),
    )
    .toEqual([{ n: 1 }]);
}

test.each(Object.entries(SCRIPTS))(
  'a trigger that a role with TRIGGER on the history makes while a record waits to be written does not fire: %s',
  async (_way, script) => {
    const { database, app, attacker, theirs, start, run, reached } = await prepare('ours');
    await app.addMigration('0002_more', script);
    await attacker.query(
      `BEGIN; CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON app._prisma_migrations ${TRIGGER}`,
    );
    const boot = await start(['migrate']);
    await untilSomebodyWaits(database, '_prisma_migrations');
    await attacker.query('COMMIT');
    expect((await boot.exit).code, boot.describe()).toBe(65);
    expect(boot.stdout).toMatch(
      new RegExp(`MIGRATION_HISTORY.*planted.*evil_trigger\\(\\).*${theirs.name}`, 's'),
    );
    expect(await reached()).toEqual([]);
    await database.query('DROP TRIGGER planted ON app._prisma_migrations');
    const again = await run(['migrate']);
    expect(again.code, again.stdout).toBe(0);
  },
);

test.skipIf(!hasPgBouncer).each(['repeatable read', 'serializable'])(
  `nor does it behind ${pgBouncerTitle}, where the transactions of the role are %s`,
  async (level) => {
    const { database, app, attacker, ours, url, start, reached } = await prepare('ours', {
      default_transaction_isolation: level,
    });
    const account = { ...database, user: ours.name, password: ours.password };
    const pooler = await startPgBouncer(account, { poolMode: 'transaction' });
    await app.addMigration('0002_more', SCRIPTS['one transaction']);
    await attacker.query(
      `BEGIN; CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON app._prisma_migrations ${TRIGGER}`,
    );
    const boot = await start(['migrate'], pooler.through(url));
    await untilSomebodyWaits(database, '_prisma_migrations');
    await attacker.query('COMMIT');
    expect((await boot.exit).code, boot.describe()).toBe(65);
    expect(boot.stdout).toMatch(/MIGRATION_HISTORY.*planted/s);
    expect(await reached()).toEqual([]);
  },
);

test.each(Object.entries(SCRIPTS))(
  'the owner of the schema, who puts another table in the place of the history between two records, has none of it run: %s',
  async (_way, script) => {
    const { database, app, attacker, start, reached } = await prepare('theirs');
    await app.addMigration('0002_waits', 'ALTER TABLE users ADD COLUMN more int');
    await app.addMigration('0003_more', script);
    const blocker = await database.connect();
    await blocker.query('BEGIN; LOCK TABLE app.users IN ACCESS SHARE MODE');
    const boot = await start(['migrate']);
    await untilSomebodyWaits(database, 'users');
    // The first record of this start holds the history; whoever asks for it next comes before the second.
    const swapped = attacker.query(`BEGIN; DROP TABLE app._prisma_migrations;
      CREATE TABLE app._prisma_migrations (${COLUMNS}); GRANT ALL ON app._prisma_migrations TO PUBLIC;
      CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON app._prisma_migrations ${TRIGGER}; COMMIT`);
    await untilSomebodyWaits(database, '_prisma_migrations');
    await blocker.query('COMMIT');
    await swapped;
    expect((await boot.exit).code, boot.describe()).toBe(65);
    expect(boot.stdout).toMatch(/MIGRATION_HISTORY.*found one that role/s);
    expect(await reached()).toEqual([]);
  },
);

test('the owner of the schema, who puts a view in the place of the history while it is read, has none of it run', async () => {
  const { database, attacker, start, run, reached } = await prepare('theirs');
  await attacker.query(`BEGIN; DROP TABLE app._prisma_migrations;
    CREATE VIEW app._prisma_migrations AS SELECT 'a'::varchar AS id, 'a'::varchar AS checksum, now() AS finished_at,
      'a'::varchar AS migration_name, 'a'::text AS logs, now() AS rolled_back_at, now() AS started_at,
      1 AS applied_steps_count WHERE public.evil();
    GRANT ALL ON app._prisma_migrations TO PUBLIC`);
  const boot = await start(['status']);
  await untilSomebodyWaits(database, '_prisma_migrations');
  await attacker.query('COMMIT');
  expect([65, 69, 75, 77], boot.describe()).toContain((await boot.exit).code);
  const again = await run(['status']);
  expect(again.code, again.stdout).toBe(65);
  expect(again.stdout + again.stderr).toContain('found a view');
  expect(await reached()).toEqual([]);
});

/** Each row: what a role with every privilege on the history makes of them, and what the message says. */
const PLANTED: Record<string, [sql: string, says: RegExp]> = {
  'a trigger that asks a function of another role whether it fires': [
    `CREATE TRIGGER planted BEFORE UPDATE ON app._prisma_migrations FOR EACH ROW WHEN (public.evil())
      EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()`,
    /planted.*evil\(\)/s,
  ],
  'a foreign key of another role, whose triggers follow a record that is taken back': [
    `CREATE TABLE public.planted (id varchar REFERENCES app._prisma_migrations ON DELETE CASCADE);
      CREATE TRIGGER follows AFTER DELETE ON public.planted ${TRIGGER}`,
    /foreign key.*planted/s,
  ],
};

test.each(Object.entries(PLANTED))('%s is refused', async (_what, [sql, says]) => {
  const { app, attacker, run, reached } = await prepare('ours');
  await app.addMigration('0002_more', 'CREATE TABLE other (n int)');
  await attacker.query(sql);
  for (const args of [['check'], ['status'], ['migrate']]) {
    const { code, stdout, stderr } = await run(args);
    expect(code, stdout + stderr).toBe(65);
    expect(stdout + stderr).toMatch(says);
  }
  expect(await reached()).toEqual([]);
});

test('check names who may write one column of the history, and members of pg_write_all_data', async () => {
  const { database, theirs, run } = await prepare('ours');
  const member = await createRole();
  await database.query(`REVOKE ALL ON app._prisma_migrations FROM ${theirs.name};
    GRANT UPDATE (checksum) ON app._prisma_migrations TO ${theirs.name}; GRANT pg_write_all_data TO ${member.name}`);
  const { code, stdout } = await run(['check']);
  expect(code, stdout).toBe(0);
  expect(stdout).toContain(`${theirs.name} (UPDATE of checksum)`);
  expect(stdout).toContain(`${member.name} (pg_write_all_data)`);
});

test('check names the roles that may write into the history, and the owner of its schema, and goes through', async () => {
  const { database, theirs, run } = await prepare('theirs');
  const warned = await run(['check']);
  expect(warned.code, warned.stdout).toBe(0);
  const owner = new RegExp(`! migrate +role \\\\?"${theirs.name}\\\\?" owns the schema`);
  const grantee = new RegExp(`! migrate .*${theirs.name} \\(.*INSERT.*\\)`);
  expect(warned.stdout).toMatch(owner);
  expect(warned.stdout).toMatch(grantee);
  await database.query(`REVOKE ALL ON app._prisma_migrations FROM ${theirs.name};
    ALTER SCHEMA app OWNER TO CURRENT_USER`);
  const quiet = await run(['check']);
  expect(quiet.stdout).not.toMatch(owner);
  expect(quiet.stdout).not.toMatch(grantee);
});
