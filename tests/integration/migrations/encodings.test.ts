import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createStandalone, USERS_MIGRATION } from '../../helpers/standalone.ts';

const INSERT = `-- a line before
INSERT INTO "users" ("email") VALUES ('café@example.com');
`;
/** Where the é is. */
const OFFSET = INSERT.indexOf('é');

async function prepare(second: string | Buffer) {
  const app = await createStandalone({ migrations: { '0001_users': USERS_MIGRATION, '0002_café': second } });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  const tables = () =>
    database.query("SELECT relname FROM pg_class WHERE relname IN ('users', '_prisma_migrations')");
  return { app, database, env, tables, path: app.path('prisma/migrations/0002_café/migration.sql') };
}

describe('a pending migration', () => {
  test.each([
    ['Latin-1', Buffer.from(INSERT, 'latin1'), `not UTF-8 at byte ${OFFSET}`, 2],
    [
      'UTF-8 that is cut off',
      Buffer.from(`${INSERT}--€`).subarray(0, -1),
      `not UTF-8 at byte ${Buffer.byteLength(INSERT) + 2}`,
      3,
    ],
    [
      'UTF-8 with a surrogate in it',
      Buffer.concat([Buffer.from(INSERT), Buffer.from([0xed, 0xa0, 0x80])]),
      `not UTF-8 at byte ${Buffer.byteLength(INSERT)}`,
      3,
    ],
    ['UTF-16, little endian', Buffer.from(`\uFEFF${INSERT}`, 'utf16le'), 'UTF-16 from byte 0 on', 1],
    ['UTF-16, big endian', Buffer.from(`\uFEFF${INSERT}`, 'utf16le').swap16(), 'UTF-16 from byte 0 on', 1],
    ['UTF-16 without its mark', Buffer.from(INSERT, 'utf16le'), 'a NUL at byte 1', 1],
    ['UTF-8 with a NUL', Buffer.from(`${INSERT}\0`), `a NUL at byte ${Buffer.byteLength(INSERT)}`, 3],
  ])('in %s ends with 65, in the boot and in check, and nothing is applied', async (_, script, got, line) => {
    const { app, env, path, tables } = await prepare(script);
    const expected = {
      what: `${path}:${line}`,
      expected: 'a script in UTF-8',
      got: expect.stringContaining(got),
    };
    const { code, logs } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(65);
    const failure = logs.find(({ event }) => event === 'failed');
    expect(failure?.error).toMatchObject({ code: 'MIGRATION_UNREADABLE', problems: [expected] });
    const checked = await runBundle({ dir: app.dir, args: ['check', '--json'], env });
    expect(checked.code).toBe(65);
    expect(JSON.parse(checked.stdout).findings).toContainEqual(
      expect.objectContaining({
        code: 'MIGRATION_UNREADABLE',
        message: expect.stringContaining(`${path}:${line}`),
      }),
    );
    expect(await tables()).toEqual([]);
  });

  test('in UTF-8, with a byte order mark or without, is stored character by character', async () => {
    const text = `${INSERT}INSERT INTO "users" ("email") VALUES ('\uFFFD 日本 😀');\n`;
    const { app, database, env } = await prepare(`\uFEFF${text}`);
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
    const rows = await database.query('SELECT email FROM users ORDER BY id');
    expect(rows).toEqual([{ email: 'café@example.com' }, { email: '\uFFFD 日本 😀' }]);
  });

  test.each(['a named pipe', 'a device', 'a folder'])(
    'that is %s ends with 66 and is not waited for',
    async (kind) => {
      const { app, env, path } = await prepare(INSERT);
      await app.remove('prisma/migrations/0002_café/migration.sql');
      const make =
        { 'a named pipe': ['mkfifo'], 'a device': ['ln', '-s', '/dev/zero'], 'a folder': ['mkdir'] }[kind] ??
        [];
      const [program = '', ...args] = make;
      execFileSync(program, [...args, path]);
      const { code, logs } = await runBundle({ dir: app.dir, env });
      expect(code).toBe(66);
      const problems = logs.find(({ event }) => event === 'failed')?.error?.problems;
      expect(problems).toContainEqual(expect.objectContaining({ what: path, got: kind }));
    },
  );
});

test('a migration that was applied before it was found out does not stop the boot', async () => {
  const { app, env } = await prepare(INSERT);
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  await app.addMigration('0002_café', Buffer.from(INSERT, 'latin1'));
  expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
});
