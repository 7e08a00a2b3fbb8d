import { beforeAll, describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, type Database, type Role } from '../../helpers/database.ts';
import { startServer } from '../../helpers/postgres.ts';
import { POSTGRES_VERSIONS } from '../../helpers/postgres-versions.ts';
import { createStandalone, type Standalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

const COLUMNS = `id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0`;
const RECORD = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
  VALUES ('1', 'x', '0001_users', now())`;

let owner: Role;
let other: Role;
let app: Standalone;
beforeAll(async () => {
  [owner, other] = [await createRole(), await createRole()];
});

async function prepare(sql: string) {
  app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION }, server: 'crashing' });
  const database = await createDatabase({ owner });
  await database.query(`GRANT ALL ON SCHEMA public TO ${owner.name}, ${other.name}; ${sql}`);
  await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${owner.name}`);
  return database;
}

function run(database: Database, args: string[], parameters: Record<string, string> = {}) {
  const env = { DATABASE_URL: database.urlFor(owner, parameters), FIXTURE_EXIT_CODE: '0' };
  return runBundle({ dir: app.dir, args, env });
}

/** Each row: what the history is, how it is made, and what the message says of it. */
const REFUSED: Record<string, [sql: () => string, says: RegExp]> = {
  'is a view, which runs functions of another role': [
    () => `CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
      CREATE TABLE t (${COLUMNS}); CREATE VIEW _prisma_migrations AS SELECT * FROM t WHERE trap();
      ALTER VIEW _prisma_migrations OWNER TO ${other.name}`,
    /expected a table, found a view/,
  ],
  'is partitioned, by indexes of a partition that run functions of another role': [
    () => `CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN true; END';
      CREATE TABLE _prisma_migrations (${COLUMNS}) PARTITION BY HASH (id);
      CREATE TABLE h0 PARTITION OF _prisma_migrations FOR VALUES WITH (MODULUS 1, REMAINDER 0);
      CREATE INDEX i ON h0 (id) WHERE trap();
      CREATE OR REPLACE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
      ALTER FUNCTION trap() OWNER TO ${other.name};
      ALTER TABLE _prisma_migrations OWNER TO ${owner.name}; ALTER TABLE h0 OWNER TO ${owner.name}`,
    /found a partitioned table/,
  ],
  'is a view of our own': [
    () =>
      `CREATE TABLE t (${COLUMNS}); CREATE VIEW _prisma_migrations AS SELECT * FROM t; ALTER VIEW _prisma_migrations OWNER TO ${owner.name}`,
    /found a view/,
  ],
  'belongs to another role': [
    () =>
      `CREATE TABLE _prisma_migrations (${COLUMNS}); ${RECORD}; ALTER TABLE _prisma_migrations OWNER TO ${other.name}`,
    /found one that role \\?"role_\w+\\?" owns/,
  ],
  'hides rows from its owner, by forced row level security': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ${RECORD}; ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      ALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    /row level security/,
  ],
  'takes new rows and hides them, by a policy for INSERT alone': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ${RECORD}; ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      ALTER TABLE _prisma_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
      CREATE POLICY p ON _prisma_migrations FOR INSERT WITH CHECK (true)`,
    /row level security/,
  ],
  'has a trigger of another role': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      CREATE FUNCTION trap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
      ALTER FUNCTION trap() OWNER TO ${other.name};
      CREATE TRIGGER t BEFORE INSERT ON _prisma_migrations FOR EACH ROW EXECUTE FUNCTION trap()`,
    /found the trigger \\?"t\\?"/,
  ],
  'has a trigger of PostgreSQL’s own functions, whose condition runs one of another role': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
      GRANT TRIGGER ON _prisma_migrations TO ${other.name}; SET ROLE ${other.name};
      CREATE TRIGGER t BEFORE INSERT OR UPDATE ON _prisma_migrations FOR EACH ROW
        WHEN (pg_catalog.query_to_xml('select public.trap()', true, false, '') IS NULL)
        EXECUTE FUNCTION pg_catalog.tsvector_update_trigger('a', 'pg_catalog.simple', 'logs'); RESET ROLE`,
    /found the trigger \\?"t\\?", which has a condition/,
  ],
  'has a trigger with a function of PostgreSQL itself, which fails': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      CREATE TRIGGER t BEFORE INSERT ON _prisma_migrations FOR EACH ROW
        EXECUTE FUNCTION pg_catalog.tsvector_update_trigger()`,
    /found the trigger \\?"t\\?", which has a function of PostgreSQL itself/,
  ],
  ...Object.fromEntries(
    Object.entries<[sql: string, says: RegExp]>({
      'a constraint': [
        'ALTER TABLE _prisma_migrations ADD CONSTRAINT c CHECK (trap(id))',
        /constraint \\?"c\\?"/,
      ],
      'a foreign key, whose check plans a query of the table of another role': [
        `CREATE TABLE k (id varchar(36) PRIMARY KEY); CREATE INDEX ON k (trap('x'));
          ALTER TABLE _prisma_migrations ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES k; ALTER TABLE k OWNER TO %OTHER%`,
        /constraint \\?"f\\?"/,
      ],
      'the key of the table that it is a partition of': [
        `CREATE TABLE p (LIKE _prisma_migrations) PARTITION BY LIST ((trap(id) AND id > ''));
          ALTER TABLE p ATTACH PARTITION _prisma_migrations FOR VALUES IN (true); ALTER TABLE p OWNER TO %OTHER%`,
        /parent table public\.p/,
      ],
      'the table that it inherits from, whose owner may attach one': [
        `CREATE TABLE p (LIKE _prisma_migrations); ALTER TABLE _prisma_migrations INHERIT p; ALTER TABLE p OWNER TO %OTHER%`,
        /parent table public\.p/,
      ],
      'an index of a table that inherits from it': [
        'CREATE TABLE h0 () INHERITS (_prisma_migrations); CREATE INDEX i ON h0 (id) WHERE trap(id)',
        /child table public\.h0/,
      ],
      'a rule': [
        'CREATE RULE r AS ON INSERT TO _prisma_migrations DO ALSO SELECT trap(new.id)',
        /rule \\?"r\\?"/,
      ],
      'the expression of an index': [
        'CREATE INDEX i ON _prisma_migrations (trap(id))',
        /index public\.i, which has an expression/,
      ],
      'the condition of an index': [
        'CREATE INDEX i ON _prisma_migrations (id) WHERE trap(id)',
        /index public\.i, which has an expression or a condition/,
      ],
      statistics: [
        'CREATE STATISTICS s ON trap(id), trap(logs) FROM _prisma_migrations',
        /statistics object \\?"s\\?"/,
      ],
      'a default': [
        "ALTER TABLE _prisma_migrations ALTER applied_steps_count SET DEFAULT trap('')::int",
        /column \\?"applied_steps_count\\?", whose default/,
      ],
      'a default of PostgreSQL’s own functions, which reads a text as a query': [
        "ALTER TABLE _prisma_migrations ALTER logs SET DEFAULT query_to_xml('select public.trap('''')', true, false, '')",
        /column \\?"logs\\?", whose default/,
      ],
      'a generated column': [
        'ALTER TABLE _prisma_migrations ADD more boolean GENERATED ALWAYS AS (trap(id)) STORED',
        /column \\?"more\\?", whose default/,
      ],
      'a domain': [
        'CREATE DOMAIN d AS text CHECK (trap(VALUE)); ALTER TABLE _prisma_migrations ADD more d',
        /column \\?"more\\?", whose type is a domain/,
      ],
    }).map(([what, [sql, says]]) => [
      `runs a function of another role by ${what}`,
      [
        () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
          CREATE FUNCTION trap(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; ${sql.replace('%OTHER%', other.name)};
          CREATE OR REPLACE FUNCTION trap(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
          ALTER FUNCTION trap(text) OWNER TO ${other.name}`,
        says,
      ],
    ]),
  ),
  'belongs to a group that somebody else is in as well': [
    () => `CREATE ROLE ${other.name}_shared NOLOGIN; GRANT ${other.name}_shared TO ${owner.name}, ${other.name};
      GRANT ALL ON SCHEMA public TO ${other.name}_shared;
      CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${other.name}_shared`,
    /found one that role \\?"role_\w+\\?" owns/,
  ],
  'lacks columns, as the table of another tool does': [
    () =>
      `CREATE TABLE _prisma_migrations (id int, name text); ALTER TABLE _prisma_migrations OWNER TO ${owner.name}`,
    /these differ: id, checksum, migration_name, logs, started_at, finished_at, rolled_back_at, applied_steps_count/,
  ],
  'has a column of another type': [
    () => `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${owner.name};
      ALTER TABLE _prisma_migrations ALTER logs TYPE bytea USING NULL`,
    /these differ: logs/,
  ],
  'has a column that Prisma does not fill': [
    () =>
      `CREATE TABLE _prisma_migrations (${COLUMNS}, team text NOT NULL); ALTER TABLE _prisma_migrations OWNER TO ${owner.name}`,
    /these differ: team/,
  ],
};

describe('a history is refused by every command that asks for it, with 65 and the reason, where it', () => {
  test.each(Object.entries(REFUSED))('%s', async (_, [sql, says]) => {
    const database = await prepare(sql());
    for (const args of [
      ['check'],
      ['status'],
      ['start'],
      ['migrate'],
      ['resolve', '--applied', '0001_users'],
    ]) {
      const { code, stdout, stderr } = await run(database, args);
      const about = `${args.join(' ')}\n${stdout}${stderr}`;
      expect(code, about).toBe(65);
      expect(about).toMatch(says);
      expect(about).not.toContain('trapped');
    }
    const made = await database.query("SELECT to_regclass('public.users') AS users");
    expect(made).toEqual([{ users: null }]);
  });

  test('is in a schema of its own name', async () => {
    const database = await prepare('SELECT');
    for (const args of [['check'], ['status'], ['start'], ['resolve', '--applied', '0001_users']]) {
      const { code, stdout, stderr } = await run(database, args, { schema: '_prisma_migrations' });
      expect(code, stdout + stderr).toBe(65);
      expect(stdout + stderr).toMatch(/found the schema \\?"_prisma_migrations\\?"/);
    }
  });

  test.each([
    ['before there is a history', ''],
    [
      'and the history is in the next one',
      `CREATE TABLE public._prisma_migrations (${COLUMNS}); ALTER TABLE public._prisma_migrations OWNER TO %OWNER%`,
    ],
  ])('would be written by way of a schema of another role, named as ours: %s', async (_, history) => {
    const database = await prepare(history === '' ? 'SELECT' : history.replace('%OWNER%', owner.name));
    await database.query(
      `CREATE SCHEMA ${owner.name} AUTHORIZATION ${other.name}; GRANT ALL ON SCHEMA ${owner.name} TO PUBLIC`,
    );
    for (const args of [['check'], ['status'], ['start'], ['resolve', '--applied', '0001_users']]) {
      const { code, stdout, stderr } = await run(database, args);
      expect(code, stdout + stderr).toBe(65);
      expect(stdout + stderr).toMatch(/found one that role \\?"role_\w+\\?" owns/);
    }
    const named = await run(database, ['migrate'], { schema: 'public' });
    expect(named, named.stdout).toMatchObject({ code: 0 });
  });

  test('belongs to another role, and nothing asks for it with ENTRYPOINT_MIGRATE=skip', async () => {
    const database = await prepare(
      `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${other.name}`,
    );
    const env = { DATABASE_URL: database.urlFor(owner), FIXTURE_EXIT_CODE: '0', ENTRYPOINT_MIGRATE: 'skip' };
    for (const args of [['check'], ['start']]) {
      const { code, stdout } = await runBundle({ dir: app.dir, args, env });
      expect(code, stdout).toBe(0);
    }
  });
});

test('a history with other defaults that are values, and with indexes of its columns, is read and written, also by a role that has all names quoted', async () => {
  const database =
    await prepare(`CREATE TABLE _prisma_migrations (${COLUMNS}, team text NOT NULL DEFAULT 'it''s us',
      number bigserial, made timestamptz(3) DEFAULT CURRENT_TIMESTAMP(3), one varchar(9) DEFAULT 'a'::varchar, two int GENERATED ALWAYS AS IDENTITY);
    ALTER TABLE _prisma_migrations ALTER id SET DEFAULT gen_random_uuid(), ALTER logs SET DEFAULT NULL, ALTER applied_steps_count SET DEFAULT -1;
    CREATE INDEX ON _prisma_migrations (migration_name, started_at DESC);
    ALTER TABLE _prisma_migrations OWNER TO ${owner.name}; GRANT ALL ON SEQUENCE _prisma_migrations_number_seq TO ${owner.name}`);
  await database.query(
    `ALTER ROLE ${owner.name} IN DATABASE ${database.name} SET quote_all_identifiers = on`,
  );
  for (const args of [['check'], ['migrate'], ['status'], ['start']]) {
    const { code, stdout, stderr } = await run(database, args);
    expect(code, stdout + stderr).toBe(0);
  }
  expect(await database.migrations()).toMatchObject([{ migration_name: '0001_users' }]);
});

test('a migration that fails with the words of the guard has failed, and is no internal error: 65', async () => {
  const database = await prepare('SELECT');
  await app.write(
    'prisma/migrations/0001_users/migration.sql',
    "DO $$ BEGIN RAISE 'the history is not trusted: [no JSON]'; END $$",
  );
  const { code, stdout } = await run(database, ['migrate']);
  expect(code, stdout).toBe(65);
  expect(stdout).toContain('MIGRATION_FAILED');
});

test('a history of pg_database_owner, as which only the owner of the database acts, is read and written', async () => {
  const database = await prepare(`CREATE TABLE _prisma_migrations (${COLUMNS});
    ALTER TABLE _prisma_migrations OWNER TO pg_database_owner`);
  for (const args of [['check'], ['migrate'], ['status']]) {
    const { code, stdout, stderr } = await runBundle({
      dir: app.dir,
      args,
      env: { DATABASE_URL: database.url },
    });
    expect(code, stdout + stderr).toBe(0);
  }
  expect(await database.migrations()).toMatchObject([{ migration_name: '0001_users' }]);
});

test('a history that another role puts there while it holds the lock of Prisma is refused, and nothing of it is run', async () => {
  const database = await prepare(`GRANT CREATE ON SCHEMA public TO ${other.name}`);
  for (const args of [['migrate'], ['resolve', '--applied', '0001_users']]) {
    const session = await database.connect(database.urlFor(other));
    await session.query('SELECT pg_advisory_lock(72707369)');
    const env = { DATABASE_URL: database.urlFor(owner) };
    const boot = await startBundle({ dir: app.dir, args, env });
    await boot.waitForLine(/waiting up to .* for the Prisma migration lock/);
    await session.query(`CREATE TABLE public._prisma_migrations (${COLUMNS});
      GRANT ALL ON public._prisma_migrations TO PUBLIC;
      CREATE FUNCTION public.reach() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
      CREATE TRIGGER t BEFORE INSERT ON public._prisma_migrations EXECUTE FUNCTION public.reach();
      SELECT pg_advisory_unlock(72707369)`);
    expect((await boot.exit).code, boot.stdout).toBe(65);
    expect(boot.stdout).toMatch(/found one that role \\?"role_\w+\\?" owns/);
    expect(boot.stdout).not.toContain('trapped');
    await session.query('DROP TABLE public._prisma_migrations; DROP FUNCTION public.reach()');
    await session.end();
  }
});

describe('a history is trusted where its owner is', () => {
  const owned = (role: string) =>
    `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${role}`;

  test.each<[string, () => Promise<[role: string, also: string]>]>([
    ['the role itself', async () => [owner.name, '']],
    ['a superuser', async () => ['CURRENT_USER', '']],
    [
      'the owner of the database',
      async () => [other.name, `ALTER DATABASE %DATABASE% OWNER TO ${other.name}`],
    ],
    [
      'a role that ours is a member of, as NOINHERIT too',
      async () => {
        const group = await createRole({ login: false });
        return [group.name, `ALTER ROLE ${owner.name} NOINHERIT; GRANT ${group.name} TO ${owner.name}`];
      },
    ],
  ])('%s', async (_, make) => {
    const [role, also] = await make();
    const database = await prepare(`ALTER SCHEMA public OWNER TO ${owner.name}; ${owned(role)}`);
    if (also !== '') await database.query(also.replace('%DATABASE%', database.name));
    const { code, stdout } = await run(database, ['migrate']);
    expect(code, stdout).toBe(0);
    expect((await database.migrations()).map(({ migration_name }) => migration_name)).toEqual(['0001_users']);
  });
});

describe.each(POSTGRES_VERSIONS)('on $title a role that owns the history', ({ options }) => {
  /** A history of a group that a manager of it has granted to our role; the manager may do what `rights` give it. */
  async function grantedBy(rights: (manager: Role, ours: Role) => string) {
    const server = await startServer(options);
    const [manager, ours, group] = [
      await createRole({ server }),
      await createRole({ server }),
      await createRole({ server, login: false }),
    ];
    const database = await createDatabase({ server });
    await database.query(`GRANT ALL ON SCHEMA public TO ${ours.name}, ${group.name};
      CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${group.name};
      GRANT ${group.name} TO ${manager.name} WITH ADMIN OPTION; ${rights(manager, ours)}`);
    const session = await database.connect(database.urlFor(manager));
    await session.query(`GRANT ${group.name} TO ${ours.name}`);
    app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION } });
    return runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.urlFor(ours) } });
  }

  test.skipIf(options === undefined).each<[string, Parameters<typeof grantedBy>[0]]>([
    [
      'a role that may administer ours',
      (manager, ours) => `GRANT ${ours.name} TO ${manager.name} WITH ADMIN OPTION`,
    ],
    ['a superuser', ({ name }) => `ALTER ROLE ${name} SUPERUSER`],
    [
      'the owner of the database',
      ({ name }) =>
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO ${name}', current_database()); END $$`,
    ],
  ])('is trusted where %s has granted it to ours', async (_, rights) => {
    const { code, stdout } = await grantedBy(rights);
    expect(code, stdout).toBe(0);
  });

  test.skipIf(options === undefined)(
    'is not trusted where its own administrator has made ours a member',
    async () => {
      const { code, stdout } = await grantedBy(() => 'SELECT');
      expect(code, stdout).toBe(65);
      expect(stdout).toMatch(/found one that role \\?"role_\w+\\?" owns/);
    },
  );
});

test('a role that ours has created is not trusted: it acts by itself', async () => {
  const creator = await createRole();
  const database = await createDatabase({ owner: creator });
  await database.query(
    `ALTER ROLE ${creator.name} CREATEROLE; GRANT ALL ON SCHEMA public TO ${creator.name}`,
  );
  const session = await database.connect(database.urlFor(creator));
  const created = `${creator.name}_tenant`;
  await session.query(`CREATE ROLE ${created} LOGIN; GRANT CREATE ON SCHEMA public TO ${created}`);
  await database.query(
    `CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${created}`,
  );
  app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION } });
  const env = { DATABASE_URL: database.urlFor(creator) };
  const { code, stdout } = await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(code, stdout).toBe(65);
  expect(stdout).toMatch(/found one that role \\?"role_\w+\\?" owns/);
});

test('a role that ours is a member of by way of another is trusted where a superuser has granted both', async () => {
  const [group, between] = [await createRole({ login: false }), await createRole({ login: false })];
  const database =
    await prepare(`GRANT ${group.name} TO ${between.name}; GRANT ${between.name} TO ${owner.name};
    GRANT ALL ON SCHEMA public TO ${group.name};
    CREATE TABLE _prisma_migrations (${COLUMNS}); ALTER TABLE _prisma_migrations OWNER TO ${group.name}`);
  const { code, stdout } = await run(database, ['migrate']);
  expect(code, stdout).toBe(0);
});

test('a view of another role in the place of the user table is not read, and the boot says why: 73', async () => {
  const database =
    await prepare(`CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''trapped''; END';
    CREATE VIEW users AS SELECT 1 AS id WHERE trap(); ALTER VIEW users OWNER TO ${other.name}`);
  await app.write('prisma/migrations/0001_users/migration.sql', 'SELECT 1;');
  const env = { DATABASE_URL: database.urlFor(owner), ENTRYPOINT_SEED_COMMAND: 'node -e 0' };
  const { code, stdout } = await runBundle({ dir: app.dir, env });
  expect(code, stdout).toBe(73);
  expect(stdout).toMatch(/role \\?"role_\w+\\?" owns table/);
  expect(stdout).not.toContain('trapped');
});
