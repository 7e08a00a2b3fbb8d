import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole, dumpSchema } from '../../helpers/database.ts';
import { createStandalone, type StandaloneOptions } from '../../helpers/standalone.ts';

const MODELS = `
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  name  String?
  mood  Mood    @default(A)
  @@map("users")
}

enum Mood {
  A
  B
}
`;
const schemaOf = (models: string, datasource = '') =>
  `datasource db {\n  provider = "postgresql"\n${datasource}}\n${models}`;

async function prepare(schema: string, options: StandaloneOptions = {}) {
  const app = await createStandalone({ omit: ['prisma/migrations'], schema, ...options });
  const database = await createDatabase();
  const env: Record<string, string> = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE: 'push' };
  const run = (args = ['migrate'], more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args, env: { ...env, ...more } });
  const start = (more: Record<string, string>) =>
    startBundle({ dir: app.dir, args: ['migrate'], env: { ...env, ...more } });
  const check = async () => {
    const { code, stdout } = await run(['check', '--json']);
    const { findings }: { findings: { step: string; level: string; message: string; details?: string[] }[] } =
      JSON.parse(stdout);
    return { code, found: findings.filter(({ step }) => step === 'migrate') };
  };
  return { app, database, run, start, check };
}

describe('ENTRYPOINT_MIGRATE=push', () => {
  test('makes the schema in an empty database, without a folder of migrations, and then has nothing to do', async () => {
    const { database, run, check } = await prepare(schemaOf(MODELS));
    expect(await check()).toMatchObject({
      code: 0,
      found: [
        {
          message: 'the boot would push 3 changes of the schema',
          details: expect.arrayContaining(['CREATE TABLE "users" (']),
        },
      ],
    });
    expect(await database.query("SELECT 1 FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
    const { code, logs } = await run();
    expect(code).toBe(0);
    expect(logs.find((line) => line.step === 'migrate' && line.event === 'done')).toMatchObject({
      statements: expect.arrayContaining([expect.stringContaining('CREATE TABLE "users"')]),
    });
    const before = await dumpSchema(database.url);
    const again = await run();
    expect(again.logs.some((line) => line.step === 'migrate' && line.event === 'skipped')).toBe(true);
    expect(again.logs.some((line) => line.step === 'lock')).toBe(false);
    expect(await dumpSchema(database.url)).toBe(before);
    expect(await check()).toMatchObject({ found: [{ level: 'ok' }] });
    expect(await database.migrations()).toEqual([]);
  });

  test('status shows what is to be pushed, and asks for no folder of migrations', async () => {
    const { database, run } = await prepare(schemaOf(MODELS));
    const before = await run(['status', '--json']);
    expect(before.code).toBe(65);
    expect(JSON.parse(before.stdout)).toMatchObject({
      toPush: expect.arrayContaining([expect.stringContaining('CREATE TABLE "users"')]),
    });
    expect((await run(['status'])).stdout).toMatch(/^ +3 {2}to push/);
    expect((await run()).code).toBe(0);
    expect(await run(['status'])).toMatchObject({ code: 0 });
    await database.query(
      'DROP INDEX users_email_key; CREATE TABLE other (id int); INSERT INTO other VALUES (1)',
    );
    const refused = await run(['status']);
    expect(refused.code).toBe(65);
    expect(refused.stdout + refused.stderr).toContain('PUSH_REFUSED');
  });

  test('renames keys and indexes, makes and drops sequences, and installs extensions', async () => {
    const { app, database, run, check } = await prepare(schemaOf(MODELS));
    await database.query(`CREATE TABLE a (id serial CONSTRAINT named PRIMARY KEY, n int NOT NULL, word text UNIQUE);
      CREATE TABLE "B b" (id int PRIMARY KEY, a int CONSTRAINT owner REFERENCES a ON UPDATE CASCADE ON DELETE SET NULL);
      INSERT INTO a VALUES (1, 1, 'x')`);
    const models = `
model a {
  id   Int     @id
  n    Int     @default(autoincrement())
  word String? @unique(map: "words") @db.Citext
  b    b[]

  @@index([n(sort: Desc), word])
}

model b {
  id Int  @id
  a  Int?
  to a?   @relation(fields: [a], references: [id])
  at DateTime[] @default([])

  @@map("B b")
}
`;
    const generator = 'generator c {\n  provider = "x"\n  previewFeatures = ["postgresqlExtensions"]\n}\n';
    await app.write('prisma/schema.prisma', generator + schemaOf(models, '  extensions = [citext]\n'));
    expect(await check()).toMatchObject({ code: 0 });
    const { code, stdout } = await run();
    expect(code, stdout).toBe(0);
    expect(await database.query('INSERT INTO a (id) VALUES (2) RETURNING n')).toEqual([{ n: 1 }]);
  });

  test('takes a new value of an enum into use, which needs a transaction of its own', async () => {
    const { app, database, run } = await prepare(schemaOf(MODELS));
    expect((await run()).code).toBe(0);
    await app.write(
      'prisma/schema.prisma',
      schemaOf(MODELS.replace('  B\n', '  B\n  C\n').replace('default(A)', 'default(C)')),
    );
    expect((await run()).code).toBe(0);
    await database.query("INSERT INTO users (email) VALUES ('a')");
    expect(await database.query('SELECT mood::text FROM users')).toEqual([{ mood: 'C' }]);
  });

  test('takes several new values of an enum into use at once', async () => {
    const { app, database, run } = await prepare(schemaOf(MODELS));
    expect((await run()).code).toBe(0);
    await app.write(
      'prisma/schema.prisma',
      schemaOf(MODELS.replace('  B\n', '  B\n  C\n  D\n').replace('default(A)', 'default(D)')),
    );
    expect((await run()).code).toBe(0);
    await database.query("INSERT INTO users (email) VALUES ('a')");
    expect(await database.query('SELECT mood::text FROM users')).toEqual([{ mood: 'D' }]);
  });

  test('adds a required column to a table without rows, and drops what is empty', async () => {
    const { app, database, run, check } = await prepare(
      schemaOf(`${MODELS}\nmodel gone {\n  id Int @id\n}\n`),
    );
    expect((await run()).code).toBe(0);
    await database.query('INSERT INTO gone VALUES (1); DELETE FROM gone');
    await app.write('prisma/schema.prisma', schemaOf(MODELS.replace(/ {2}name .*\n/, '  age Int\n')));
    expect(await check()).toMatchObject({ code: 0 });
    const { code, stdout } = await run();
    expect(code, stdout).toBe(0);
    expect(await database.query('SELECT age FROM users')).toEqual([]);
    expect(await database.query("SELECT FROM pg_class WHERE relname = 'gone'")).toEqual([]);
  });

  test.each([
    [
      'drop a column with values',
      (models: string) => models.replace(/ {2}name .*\n/, ''),
      'drop the column `name`',
    ],
    ['drop a table with rows', () => 'model Other {\n  id Int @id\n}\n', 'drop the `users` table'],
    [
      'make a column required that has none',
      (models: string) => models.replace('String?', 'Int'),
      'required column `name`',
    ],
  ])('refuses to %s, as the check does, and changes nothing', async (_title, change, words) => {
    const { app, database, run, check } = await prepare(schemaOf(MODELS));
    expect((await run()).code).toBe(0);
    await database.query("INSERT INTO users (email, name) VALUES ('a', 'b')");
    const before = await dumpSchema(database.url);
    await app.write('prisma/schema.prisma', schemaOf(change(MODELS)));
    const { code, logs } = await run();
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({ code: 'PUSH_REFUSED' });
    expect(JSON.stringify(logs.at(-1))).toContain(words);
    expect(await check()).toMatchObject({ code: 65, found: [{ level: 'failure' }] });
    expect(await dumpSchema(database.url)).toBe(before);
    expect(await database.query('SELECT name FROM users')).toEqual([{ name: 'b' }]);
  });

  test('makes a column unique and another one the primary key, or changes nothing where the data does not allow it', async () => {
    const { app, database, run } = await prepare(schemaOf('model a {\n  id Int @id\n  x  Int\n}\n'));
    expect((await run()).code).toBe(0);
    await database.query('INSERT INTO a VALUES (1, 7), (2, 7)');
    await app.write(
      'prisma/schema.prisma',
      schemaOf('model a {\n  id Int @unique\n  x  Int @id\n  y  Int?\n}\n'),
    );
    const before = await dumpSchema(database.url);
    const failed = await run();
    expect(failed.code).toBe(65);
    expect(failed.stdout).toContain('The push failed: ERROR 23505');
    expect(await dumpSchema(database.url)).toBe(before);
    await database.query('UPDATE a SET x = id');
    const { code, stdout } = await run();
    expect(code, stdout).toBe(0);
    expect(await database.query('SELECT id, x, y FROM a ORDER BY id')).toEqual([
      { id: 1, x: 1, y: null },
      { id: 2, x: 2, y: null },
    ]);
  });

  test('is one transaction: what fails on the data leaves nothing behind', async () => {
    const { app, database, run } = await prepare(schemaOf('model a {\n  id Int @id\n  x Int?\n}\n'));
    expect((await run()).code).toBe(0);
    // Of this the engine knows nothing.
    await database.query(`CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN IF EXISTS (SELECT FROM pg_class WHERE relname = 'a_x_idx') THEN RAISE EXCEPTION 'not today'; END IF; END $$;
      CREATE EVENT TRIGGER no ON ddl_command_end EXECUTE FUNCTION no()`);
    const before = await dumpSchema(database.url);
    await app.write(
      'prisma/schema.prisma',
      schemaOf('model a {\n  id Int @id\n  x Int?\n  y Int?\n  @@index([x])\n}\n'),
    );
    const { code, stdout } = await run();
    expect(code).toBe(65);
    expect(stdout).toContain('The push failed: ERROR P0001: not today');
    expect(await dumpSchema(database.url)).toBe(before);
  });

  test('accepts a schema of Prisma 6 with connection strings, and one in many files', async () => {
    const url = '  url       = env("DATABASE_URL")\n  directUrl = env("DIRECT_URL")\n';
    const old = await prepare(schemaOf(MODELS, url));
    expect((await old.run()).code).toBe(0);
    const many = await prepare(schemaOf(''), {
      schema: { 'main.prisma': schemaOf(''), 'models/user.prisma': MODELS },
    });
    expect((await many.run()).code).toBe(0);
    expect(await many.database.query('SELECT * FROM users')).toEqual([]);
  });

  test('creates and uses the schema that the connection string names', async () => {
    const { database, run } = await prepare(schemaOf(MODELS));
    const url = database.urlFor(undefined, { schema: 'app' });
    expect((await run(['migrate'], { DATABASE_URL: url })).code).toBe(0);
    expect(await database.query('SELECT * FROM app.users')).toEqual([]);
    expect(
      (await run(['migrate'], { DATABASE_URL: url })).logs.some((line) => line.event === 'skipped'),
    ).toBe(true);
  });

  test('makes, changes and guards the tables of several schemas', async () => {
    const several = '  schemas = ["one", "two"]\n';
    const one = 'model a {\n  id Int @id\n  @@schema("one")\n}\n';
    const two = 'model b {\n  id Int @id\n  x Int?\n  @@schema("two")\n}\n';
    const { app, database, run } = await prepare(schemaOf(one + two, several));
    const first = await run();
    expect(first.code, first.stdout).toBe(0);
    await database.query('INSERT INTO two.b VALUES (1, 2)');
    await app.write('prisma/schema.prisma', schemaOf(one + two.replace('  x Int?\n', ''), several));
    const refused = await run();
    expect(refused.code).toBe(65);
    expect(refused.stdout).toContain('PUSH_REFUSED');
    await database.query('UPDATE two.b SET x = NULL');
    expect((await run()).code).toBe(0);
    expect(await database.query('SELECT * FROM two.b')).toEqual([{ id: 1 }]);
    expect((await run()).logs.some((line) => line.event === 'skipped')).toBe(true);
  });

  test('names what Prisma does not accept in the schema', async () => {
    const { run } = await prepare(schemaOf('model User {\n'));
    const { code, stdout } = await run();
    expect(code).toBe(65);
    expect(stdout).toMatch(/PUSH_REFUSED.*Error validating/);
  });

  test('does not touch tables of another role, whose code it could run', async () => {
    const { database, run } = await prepare(schemaOf(MODELS));
    const [other, ours] = [await createRole(), await createRole()];
    await database.query(`CREATE TABLE theirs (id int); ALTER TABLE theirs OWNER TO ${other.name};
      GRANT CREATE, USAGE ON SCHEMA public TO ${ours.name}`);
    const { code, stdout } = await run(['migrate'], { DATABASE_URL: database.urlFor(ours) });
    expect(code).toBe(65);
    expect(stdout).toContain(`Table public.theirs belongs to role \\"${other.name}\\"`);
  });

  test('drops no table whose rows a policy of row level security hides from the role', async () => {
    const { database, run } = await prepare(schemaOf(MODELS));
    const owner = await createRole();
    await database.query(
      `ALTER SCHEMA public OWNER TO ${owner.name}; GRANT CREATE ON DATABASE ${database.name} TO ${owner.name}`,
    );
    const env = { DATABASE_URL: database.urlFor(owner) };
    expect((await run(['migrate'], env)).code).toBe(0);
    const session = await database.connect(database.urlFor(owner));
    await session.query(`CREATE TABLE hidden (n int); INSERT INTO hidden VALUES (1);
      ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY;
      CREATE POLICY none ON hidden USING (false)`);
    const { code, stdout } = await run(['migrate'], env);
    expect(code, stdout).toBe(65);
    expect(await database.query('SELECT n FROM hidden')).toEqual([{ n: 1 }]);
  });

  test('retries while another session holds a lock, and rolls back between', async () => {
    const { app, database, run, start } = await prepare(schemaOf(MODELS));
    expect((await run()).code).toBe(0);
    await app.write('prisma/schema.prisma', schemaOf(MODELS.replace('  name ', '  age   Int?\n  name ')));
    const other = await database.connect();
    await other.query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    const boot = await start({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '100ms' });
    await boot.waitForLog({ step: 'migrate', event: 'blocked' });
    await other.query('COMMIT');
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(await database.query('SELECT age FROM users')).toEqual([]);
  });

  describe('while another session has a table for itself that the plan has to count', () => {
    async function whileLocked(env: Record<string, string>) {
      const { database, start } = await prepare(schemaOf(MODELS));
      await database.query('CREATE TABLE gone (id int)');
      const other = await database.connect();
      await other.query('BEGIN; LOCK TABLE gone');
      const boot = await start(env);
      const waits = () =>
        database.query(
          'SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())',
        );
      return { database, other, boot, waits };
    }

    test('the plan gives way after the lock timeout, names the session, and is made again', async () => {
      // Long enough for the second connection, which finds out who holds the lock.
      const { database, other, boot } = await whileLocked({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '1s' });
      expect(await boot.waitForLog({ step: 'migrate', event: 'blocked' })).toMatchObject({
        holder: expect.stringContaining('idle in transaction'),
      });
      await other.query('COMMIT');
      expect(await boot.exit).toMatchObject({ code: 0 });
      expect(await database.query("SELECT FROM pg_class WHERE relname = 'gone'")).toEqual([]);
    });

    test('a plan that the catalog holds up waits as well', async () => {
      const { app, database, start } = await prepare(schemaOf(MODELS));
      // To show a default, PostgreSQL locks its table.
      await database.query('CREATE TABLE kept (id int DEFAULT 1)');
      await app.write(
        'prisma/schema.prisma',
        schemaOf(`${MODELS}model kept {\n  id Int? @default(1)\n  @@ignore\n}\n`),
      );
      const other = await database.connect();
      await other.query('BEGIN; LOCK TABLE kept');
      const boot = await start({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '100ms' });
      await boot.waitForLog({ step: 'migrate', event: 'blocked' });
      await other.query('COMMIT');
      expect(await boot.exit).toMatchObject({ code: 0 });
    });

    test('the statement_timeout of the role does not end the plan', async () => {
      const { database, start } = await prepare(schemaOf(MODELS));
      const role = await createRole({ settings: { statement_timeout: '2s' } });
      await database.query(
        `ALTER SCHEMA public OWNER TO ${role.name}; SET ROLE ${role.name}; CREATE TABLE gone (id int)`,
      );
      const other = await database.connect();
      await other.query('BEGIN; LOCK TABLE gone');
      const env = { DATABASE_URL: database.urlFor(role), ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off' };
      const boot = await start(env);
      const waiting = `SELECT FROM pg_stat_activity
        WHERE usename = '${role.name}' AND wait_event_type = 'Lock' AND now() - query_start > '3s'`;
      await expect.poll(() => database.query(waiting), { timeout: 50_000 }).toHaveLength(1);
      await other.query('COMMIT');
      expect((await boot.exit).code, boot.stdout).toBe(0);
    });

    test('ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT ends the plan: exit 75, with the reason', async () => {
      const { boot } = await whileLocked({
        ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off',
        ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: '500ms',
      });
      expect((await boot.exit).code, boot.stdout).toBe(75);
      expect(boot.stdout).toContain('The statement_timeout of the role, the database or the configuration');
    });

    test('a signal ends the plan, and changes nothing', async () => {
      const { database, boot, waits } = await whileLocked({ ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off' });
      await expect.poll(async () => (await waits()).length).toBeGreaterThan(0);
      boot.kill('SIGTERM');
      expect(await boot.exit).toMatchObject({ code: 143 });
      expect(await waits()).toEqual([]);
      expect(await database.query("SELECT FROM pg_class WHERE relname = 'users'")).toEqual([]);
    });

    test('ENTRYPOINT_MIGRATE_TIMEOUT ends the plan: exit 75', async () => {
      const { boot, waits } = await whileLocked({
        ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off',
        ENTRYPOINT_MIGRATE_TIMEOUT: '2s',
      });
      expect(await boot.exit).toMatchObject({ code: 75 });
      expect(boot.logs.at(-1)?.error).toMatchObject({ code: 'MIGRATION_TIMEOUT' });
      expect(await waits()).toEqual([]);
    });
  });
});
