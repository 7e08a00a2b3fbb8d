import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole, type Database, formatUrl, type Role } from '../helpers/database.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

const MIGRATIONS = { '0001': 'CREATE TABLE a (id int)', '0002': 'CREATE INDEX i ON a (id)' };

test.each([
  ['baseline:created', 1],
  ['script:sent', 1],
  ['baseline:compared', 1],
  ['baseline:record', 0],
])('baseline killed at %s has recorded nothing, and the next one drops what it left', async (point, left) => {
  const app = await createFaultyApp({ migrations: MIGRATIONS });
  const database = await createDatabase();
  await database.query(Object.values(MIGRATIONS).join('; '));
  const env = { DATABASE_URL: database.url };
  const args = ['baseline', '0002'];
  const killed = await startBundle({ dir: app.dir, args, env: { ...env, ZARPE_FAULT: `kill:${point}:1` } });
  expect(await killed.exit).toMatchObject({ signal: 'SIGKILL' });
  expect(await database.migrations()).toEqual([]);
  expect(await scratchDatabases(database)).toHaveLength(left);
  const { code, logs } = await runBundle({ dir: app.dir, args, env });
  expect(code).toBe(0);
  expect(logs.filter(({ msg }) => msg?.includes('an interrupted command left'))).toHaveLength(left);
  expect(await database.migrations()).toHaveLength(2);
  expect(await scratchDatabases(database)).toEqual([]);
});

test('a signal ends baseline, which drops its scratch database', async () => {
  const app = await createFaultyApp({ migrations: { '0001': 'SELECT pg_sleep(600)' } });
  const database = await createDatabase();
  const boot = await startBundle({
    dir: app.dir,
    args: ['baseline', '0001'],
    env: { DATABASE_URL: database.url },
  });
  await boot.waitForLog({ step: 'migrate', event: 'pending' });
  process.kill(boot.pid, 'SIGTERM');
  expect(await boot.exit).toMatchObject({ code: 143 });
  expect(await scratchDatabases(database)).toEqual([]);
  expect(await database.migrations()).toEqual([]);
});

describe('a scratch database that is left', () => {
  async function leave() {
    const app = await createFaultyApp({ migrations: MIGRATIONS });
    const [database, role] = [await createDatabase(), await createRole({ createdb: true })];
    await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}`);
    const own = await database.connect(database.urlFor(role));
    await own.query(Object.values(MIGRATIONS).join('; '));
    const run = (args: string[], more: Record<string, string> = {}) =>
      runBundle({ dir: app.dir, args, env: { DATABASE_URL: database.urlFor(role), ...more } });
    // Once others may connect.
    await run(['baseline', '0002'], { ZARPE_FAULT: 'kill:script:sent:1' });
    const [name = ''] = await scratchDatabases(database);
    expect(name).toMatch(/^zarpe_scratch_/);
    return { database, run, name };
  }

  test('is named by status and check, with the command that drops it', async () => {
    const { database, run, name } = await leave();
    for (const args of [['status'], ['check']]) {
      const { stdout } = await run(args);
      const [command = ''] = new RegExp(`DROP DATABASE .*"${name}".*`).exec(stdout) ?? [];
      expect(command, stdout).not.toBe('');
    }
    expect(JSON.parse((await run(['status', '--json'])).stdout)).toMatchObject({ scratchDatabases: [name] });
    const { stdout } = await run(['status']);
    await database.admin(/DROP DATABASE .*/.exec(stdout)?.[0] ?? '');
    for (const args of [['status'], ['check']]) expect((await run(args)).stdout).not.toContain('scratch');
  });

  test('and that another session still uses does not stop the next baseline, and the one after drops it', async () => {
    const { database, run, name } = await leave();
    const other = await database.connect(formatUrl(database, name));
    const { code, logs } = await run(['baseline', '0002']);
    expect(code).toBe(0);
    expect(logs.find(({ level }) => level === 'warn')?.msg).toMatch(
      new RegExp(`${name} could not be dropped`),
    );
    expect(await database.migrations()).toHaveLength(2);
    expect(await scratchDatabases(database)).toEqual([name]);
    await other.end();
    expect((await run(['baseline', '0002'])).code).toBe(0);
    expect(await scratchDatabases(database)).toEqual([]);
  });
});

test.each([['baseline:created'], ['baseline:compared']])(
  'nobody but the owner of a scratch database connects to it: at %s',
  async (point) => {
    const app = await createFaultyApp({ migrations: MIGRATIONS });
    const [database, other] = [await createDatabase(), await createRole({ createdb: true })];
    await database.query(Object.values(MIGRATIONS).join('; '));
    const boot = await startBundle({
      dir: app.dir,
      args: ['baseline', '0002'],
      env: { DATABASE_URL: database.url, ZARPE_FAULT: `hold:${point}:1` },
      stdin: 'pipe',
    });
    await boot.waitForLine(new RegExp(`"fault":"${point}"`));
    const [name = ''] = await scratchDatabases(database);
    await expect(database.connect(formatUrl(database, name, other))).rejects.toThrow(
      /permission denied for database|not currently accepting connections/,
    );
    boot.stdin?.write('\n');
    expect(await boot.exit).toMatchObject({ code: 0 });
  },
);

test.each<[string, (other: Role, role: Role) => string, RegExp]>([
  ['another role', ({ name }) => name, /MIGRATION_HISTORY.*its own/s],
  ['the role itself', (_, { name }) => name, /BASELINE_REFUSED.*schema \\"public\\" before the comparison/s],
])(
  'a schema named as the role that %s makes during the comparison gets no record',
  async (_who, makerOf, says) => {
    const app = await createFaultyApp({ migrations: MIGRATIONS });
    const [role, other] = [await createRole({ createdb: true }), await createRole()];
    const database = await createDatabase();
    await database.query(`GRANT CREATE ON SCHEMA public TO ${role.name}; SET ROLE ${role.name};
      ${Object.values(MIGRATIONS).join('; ')}`);
    const boot = await startBundle({
      dir: app.dir,
      args: ['baseline', '0002'],
      env: { DATABASE_URL: database.urlFor(role), ZARPE_FAULT: 'hold:baseline:compared:1' },
      stdin: 'pipe',
    });
    await boot.waitForLine(/"fault":"baseline:compared"/);
    await database.query(`CREATE SCHEMA ${role.name}; GRANT ALL ON SCHEMA ${role.name} TO PUBLIC;
      ALTER SCHEMA ${role.name} OWNER TO ${makerOf(other, role)}`);
    boot.stdin?.write('\n');
    expect((await boot.exit).code, boot.describe()).toBe(65);
    expect(boot.describe()).toMatch(says);
    expect(await database.query("SELECT FROM pg_class WHERE relname = '_prisma_migrations'")).toEqual([]);
  },
);

async function scratchDatabases({ admin, name }: Database): Promise<string[]> {
  const rows = await admin<{ name: string }>(
    `SELECT s.datname AS name FROM pg_database AS s, pg_database AS d
      WHERE d.datname = '${name}' AND s.datname LIKE concat('zarpe\\_scratch\\_', d.oid, '\\_%')`,
  );
  return rows.map((row) => row.name);
}
