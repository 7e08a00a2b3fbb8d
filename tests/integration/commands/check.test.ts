import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { onCleanup } from '../../helpers/cleanup.ts';
import { createDatabase, createRole, dumpSchema } from '../../helpers/database.ts';
import { createProxy } from '../../helpers/network.ts';
import { startServer } from '../../helpers/postgres.ts';
import { createStandalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

interface Report {
  ok: boolean;
  exitStatus: number;
  findings: {
    step: string;
    level: 'ok' | 'warning' | 'failure';
    message: string;
    exitStatus?: number;
    code?: string;
  }[];
  pending: { name: string; findings: { line: number; finding: string }[] }[];
}

async function check(dir: string, env: Record<string, string>, ...args: string[]) {
  const { code, stdout } = await runBundle({ dir, args: ['--check', '--json', ...args], env });
  const report: Report = JSON.parse(stdout);
  expect(report.exitStatus).toBe(code);
  expect(report.ok).toBe(code === 0);
  return { code, report, failures: report.findings.filter(({ level }) => level === 'failure') };
}

test('the check writes nothing: not a table, not a row, not a transaction id', async () => {
  const { dir } = await createStandalone({ seed: 'works' });
  const database = await createDatabase({ server: await startServer({ settings: { autovacuum: 'off' } }) });
  await database.query('CREATE TABLE before (id int)');
  const evidence = async () => ({
    dump: await dumpSchema(database.url),
    xid: await database.query('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next'),
    written: await database.query(
      'SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::int AS n FROM pg_stat_user_tables',
    ),
  });
  const before = await evidence();
  const { report } = await check(dir, { DATABASE_URL: database.url });
  expect(await evidence()).toEqual(before);
  expect(report.pending).toEqual([{ name: '20260101000000_create_users', findings: [] }]);
  expect(
    await database.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'zarpe' AND datname = current_database()",
    ),
  ).toEqual([]);
});

test('the check names pending migrations, the statements in them to review, and what the seed would do', async () => {
  const app = await createStandalone({ seed: 'works' });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await runBundle({ dir: app.dir, args: ['migrate'], env });
  await app.addMigration(
    '20270101000000_more',
    '-- AlterTable\nALTER TABLE users DROP COLUMN email;\nCREATE INDEX i ON users (id);',
  );
  expect((await check(app.dir, env)).report.pending).toMatchObject([
    { findings: [{ line: 2, finding: expect.stringContaining('drops a column') }] },
  ]);
  await database.query("INSERT INTO users (email) VALUES ('a')");
  const { code, report } = await check(app.dir, { ...env, ENTRYPOINT_SEED: 'always' });
  expect(code).toBe(0);
  expect(report.pending).toEqual([
    {
      name: '20270101000000_more',
      findings: [
        { line: 2, finding: expect.stringContaining('drops a column') },
        { line: 3, finding: expect.stringContaining('without CONCURRENTLY') },
      ],
    },
  ]);
  expect(report.findings.find(({ step }) => step === 'seed')?.message).toBe(
    'the boot would run `node seed.js`: ENTRYPOINT_SEED is always',
  );
});

test('renames, drops and locks are reported only where a database has what they touch', async () => {
  const app = await createStandalone({
    migrations: {
      '0001': "CREATE TABLE people (id int, name text); CREATE TYPE mood AS ENUM ('a');",
      '0002':
        'ALTER TABLE people RENAME TO "User"; CREATE INDEX i ON "User" (id); ALTER TABLE "User" ADD age int NOT NULL;',
      '0003': 'DROP TYPE mood; ALTER TABLE public."User" DROP COLUMN name; DROP TABLE IF EXISTS missing;',
      '0004': 'ALTER TABLE before ALTER a SET NOT NULL; DROP VIEW seen;',
    },
  });
  const database = await createDatabase();
  const findings = async (env: Record<string, string>) =>
    (await check(app.dir, env)).report.pending.flatMap((pending) =>
      pending.findings.map(({ finding }) => `${pending.name} ${finding.split(/[:,]/)[0]}`),
    );
  const env = { DATABASE_URL: database.url };
  expect(await findings(env)).toEqual([]);
  const missing = await createDatabase({ create: false });
  expect(await findings({ DATABASE_URL: missing.url })).toEqual([]);
  await database.query('CREATE TABLE before (a int); CREATE VIEW seen AS SELECT 1 AS one');
  expect(await findings(env)).toEqual(['0004 drops an object']);
  await database.query('INSERT INTO before VALUES (1)');
  const all = ['0004 makes a column required', '0004 drops an object'];
  expect(await findings(env)).toEqual(all);
  // Whether a table has rows that the role may not read is not known, and so it counts.
  await database.query('TRUNCATE before; ALTER TABLE before ENABLE ROW LEVEL SECURITY');
  const role = await createRole();
  await database.query(`GRANT CREATE, USAGE ON SCHEMA public TO "${role.name}"`);
  expect(await findings({ DATABASE_URL: database.urlFor(role) })).toEqual(all);
});

test('the check continues after the first finding, and exits with the code of the boot', async () => {
  const { dir } = await createStandalone({ omit: ['server.js', '.next/static'] });
  const { code, failures } = await check(dir, {
    DATABASE_URL: 'mysql://a-user@db/app',
    ENTRYPOINT_SEED: 'maybe',
  });
  expect(code).toBe(78);
  expect(failures.map(({ step, exitStatus }) => `${step} ${exitStatus}`)).toEqual([
    'config 78',
    'config 78',
    'build 66',
    'build 66',
  ]);
});

test('the check exits with 77 if the database refuses the connection, 69 if it is unreachable, 65 for a failed record', async () => {
  const app = await createStandalone();
  const database = await createDatabase();
  const role = await createRole();
  const wrong = { DATABASE_URL: database.urlFor({ ...role, password: 'a-wrong-password' }) };
  expect(await check(app.dir, wrong)).toMatchObject({
    code: 77,
    failures: [{ code: 'DATABASE_ACCESS_REFUSED' }],
  });
  const gone = { DATABASE_URL: 'postgresql://app@127.0.0.1:1/app', ENTRYPOINT_DB_TIMEOUT: '300ms' };
  expect(await check(app.dir, gone)).toMatchObject({
    code: 69,
    failures: [{ code: 'DATABASE_UNAVAILABLE' }],
  });
  await app.addMigration('20270101000000_bad', 'SELECT 1 / 0');
  const env = { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_RETRY_FAILED: 'off' };
  await runBundle({ dir: app.dir, args: ['migrate'], env });
  expect(await check(app.dir, env)).toMatchObject({ code: 65, failures: [{ code: 'MIGRATION_UNRESOLVED' }] });
});

test('the check names the privileges that the role lacks, and whether it may create the database', async () => {
  const { dir } = await createStandalone();
  const database = await createDatabase();
  const role = await createRole();
  const poor = await check(dir, { DATABASE_URL: database.urlFor(role) });
  expect(poor).toMatchObject({ code: 77, failures: [{ code: 'DATABASE_ACCESS_REFUSED' }] });
  const missing = await createDatabase({ create: false });
  expect(await check(dir, { DATABASE_URL: missing.urlFor(role) })).toMatchObject({ code: 77 });
  const may = await createRole({ createdb: true });
  const created = await check(dir, { DATABASE_URL: missing.urlFor(may) });
  expect(created.code).toBe(0);
  expect(
    created.report.findings.some(({ message }) =>
      message.includes('does not exist; the boot would create it'),
    ),
  ).toBe(true);
  expect(await missing.admin(`SELECT 1 FROM pg_database WHERE datname = '${missing.name}'`)).toEqual([]);
});

test('the check of an image needs no database with --skip-database', async () => {
  const { dir } = await createStandalone();
  const proxy = await createProxy(await createDatabase());
  expect((await check(dir, {}, '--skip-database')).code).toBe(0);
  const env = { DATABASE_URL: `postgresql://app@127.0.0.1:${proxy.port}/app` };
  expect((await check(dir, env, '--skip-database')).code).toBe(0);
  expect(proxy.accepted).toBe(0);
  const malformed = { DATABASE_PORT: 'x', DIRECT_URL: 'no', DATABASE_URL_FILE: '/nowhere' };
  expect((await check(dir, malformed, '--skip-database')).code).toBe(0);
});

test('--skip-database skips no variable of the app, whatever its name', async () => {
  const { dir } = await createStandalone();
  const env = { ENTRYPOINT_REQUIRE_ENV: 'DATABASE_SHADOW_URL' };
  const { code, failures } = await check(dir, env, '--skip-database');
  expect(code).toBe(78);
  expect(failures).toMatchObject([{ message: expect.stringMatching(/^DATABASE_SHADOW_URL: /) }]);
});

test('the check looks at the build that the environment names, also if another variable is malformed', async () => {
  const { dir } = await createStandalone();
  const env = { ENTRYPOINT_SERVER: 'apps/web/server.js', ENTRYPOINT_SEED: 'maybe' };
  const { failures } = await check(dir, env, '--skip-database');
  expect(failures.find(({ step }) => step === 'build')?.message).toContain('apps/web/server.js');
});

test('the check reports a port in use', async () => {
  const { dir } = await createStandalone();
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? String(address.port) : '';
  const { report } = await check(dir, { PORT: port, HOSTNAME: '127.0.0.1' }, '--skip-database');
  server.close();
  expect(report.findings.find(({ message }) => message.includes('EADDRINUSE'))).toMatchObject({
    step: 'server',
    level: 'warning',
  });
});

test('the check prints a table', async () => {
  const { dir } = await createStandalone({ migrations: { '0001': USERS_MIGRATION } });
  const { url } = await createDatabase();
  const { code, stdout } = await runBundle({ dir, args: ['check'], env: { DATABASE_URL: url } });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^✓ config {4}the configuration is valid$/m);
  expect(stdout).toMatch(/^✓ migrate {3}the boot would apply 1 pending migration\n {12}0001$/m);
  expect(stdout).toMatch(/^The boot would succeed\.\n\n✓ config/);
});

test.for([
  ['package.json', '{"prisma":{"seed":"tsx prisma/seed.ts --key hunter2"}}'],
  ['prisma.config.ts', "export default { migrations: { seed: 'tsx prisma/seed.ts --key hunter2' } };"],
])(
  'a seed that %s names and the image cannot run is named, with what bundles it',
  async ([file, content]) => {
    const app = await createStandalone({ packageType: 'none' });
    await app.write(file ?? '', content ?? '');
    const database = await createDatabase();
    const { code, stdout } = await runBundle({
      dir: app.dir,
      args: ['check'],
      env: { DATABASE_URL: database.url },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(`${file} names a seed, \`tsx prisma/seed.ts … …\`, that the boot would not run`);
    expect(stdout).toContain('there is no program tsx in PATH');
    expect(stdout).toContain('npx zarpe bundle-seed prisma/seed.ts');
    expect(stdout).not.toContain('hunter2');
  },
);

test('a seed that package.json names is no finding where the boot runs one, or none is wanted', async () => {
  const app = await createStandalone({ seed: 'works', packageType: 'none' });
  await app.write('package.json', '{"prisma":{"seed":"tsx prisma/seed.ts"}}');
  const database = await createDatabase();
  const found = await check(app.dir, { DATABASE_URL: database.url });
  expect(JSON.stringify(found.report)).not.toContain('tsx');
  await app.remove('seed.js');
  const never = await check(app.dir, { DATABASE_URL: database.url, ENTRYPOINT_SEED: 'never' });
  expect(JSON.stringify(never.report)).not.toContain('tsx');
});

test('a name in the database makes no line of its own in the report', async () => {
  const { dir } = await createStandalone();
  const database = await createDatabase();
  expect(await runBundle({ dir, args: ['migrate'], env: { DATABASE_URL: database.url } })).toMatchObject({
    code: 0,
  });
  const role = `"${database.name}\n✓ migrate   all is well"`;
  await database.query(`CREATE ROLE ${role}`);
  onCleanup(async () => {
    await database.admin(`DROP ROLE ${role}`);
  });
  await database.query(`GRANT INSERT ON _prisma_migrations TO ${role}`);
  onCleanup(async () => {
    await database.query(`DROP OWNED BY ${role}`);
  });
  const { report } = await check(dir, { DATABASE_URL: database.url });
  const forged = report.findings.find(({ message }) => message.includes('all is well'));
  expect(forged).toMatchObject({
    level: 'warning',
    message: expect.stringContaining(`${database.name}\n✓ migrate`),
  });
  const { stdout } = await runBundle({ dir, args: ['check'], env: { DATABASE_URL: database.url } });
  expect(stdout).toContain(`${database.name}\\x0a✓ migrate`);
  expect(stdout.split('\n').filter((line) => /^\s*✓ migrate\s+all is well/.test(line))).toEqual([]);
});
