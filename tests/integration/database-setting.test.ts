import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { closedPort } from '../helpers/network.ts';
import { createStandalone } from '../helpers/standalone.ts';

const steps = (logs: { step?: string; event?: string }[], event: string) =>
  logs.filter((line) => line.event === event).map(({ step }) => step);
const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

describe('ENTRYPOINT_DATABASE=off', () => {
  test('starts the server without a connection string, a Prisma folder or a wait', async () => {
    const { dir } = await createStandalone({ seed: 'fails', omit: ['prisma'] });
    const boot = await startBundle({ dir, env: { ENTRYPOINT_DATABASE: 'off' } });
    await boot.waitForServer();
    expect(steps(boot.logs, 'skipped')).toEqual(['database', 'migrate', 'seed']);
    expect(boot.logs.filter(({ level }) => level === 'warn')).toEqual([]);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('runs the hooks that need no database, and skips the others with a line each', async () => {
    const { dir } = await createStandalone({
      omit: ['prisma'],
      files: {
        'zarpe.config.json': JSON.stringify({
          hooks: {
            beforeMigrate: [{ name: 'migrator', command: ['node', 'say.mjs', 'migrator'] }],
            beforeServer: [
              { name: 'file', command: ['node', 'say.mjs', 'file'] },
              { name: 'alone', command: ['node', 'say.mjs', 'alone'], exclusive: true },
            ],
          },
        }),
        'say.mjs': "console.log('hook', process.argv[2]);",
      },
    });
    const boot = await startBundle({ dir, env: { ENTRYPOINT_DATABASE: 'off' } });
    await boot.waitForServer();
    const messages = boot.logs.map(({ msg }) => msg);
    expect(messages).toContain('hook file');
    for (const name of ['migrator', 'alone']) {
      expect(messages).not.toContain(`hook ${name}`);
      expect(messages).toContain(`hook ${name} skipped: ENTRYPOINT_DATABASE=off`);
    }
  });

  test('passes a connection string on as it is, connects to nothing, and only warns of a malformed one', async () => {
    const app = await createStandalone({ server: 'recorder' });
    for (const DATABASE_URL of [
      `postgresql://app:hidden-from-the-log@127.0.0.1:${await closedPort()}/app?sslmode=disable`,
      'mysql://app:hidden-from-the-log@db/app',
    ]) {
      const boot = await startBundle({ dir: app.dir, env: { ENTRYPOINT_DATABASE: 'off', DATABASE_URL } });
      const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
      expect(started.envHashes).toMatchObject({ DATABASE_URL: sha256(DATABASE_URL) });
      const warnings = boot.logs.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
      expect(warnings).toEqual(
        DATABASE_URL.startsWith('mysql')
          ? [expect.stringMatching(/^DATABASE_URL: .* Only the app uses it\.$/)]
          : [],
      );
      await boot.killAll();
    }
  });

  test.each([
    ['wait', 0],
    ['migrate', 0],
    ['seed', 0],
    ['status', 78],
    ['resolve', 78],
    ['baseline', 78],
  ])('`%s` ends with %i', async (command, code) => {
    const { dir } = await createStandalone({ seed: 'fails', omit: ['prisma'] });
    const args = { resolve: ['resolve', '--applied', 'one'], baseline: ['baseline', 'one'] }[command] ?? [
      command,
    ];
    const run = await runBundle({ dir, args, env: { ENTRYPOINT_DATABASE: 'off' } });
    expect(run.code).toBe(code);
    const output = run.stdout + run.stderr;
    if (code === 0) expect(output).toContain('skipped: ENTRYPOINT_DATABASE=off');
    else expect(output).toContain('run it with ENTRYPOINT_DATABASE=required');
  });
});

describe('ENTRYPOINT_DATABASE=optional', () => {
  const env = { ENTRYPOINT_DATABASE: 'optional', ENTRYPOINT_DB_TIMEOUT: '300ms' };

  test.each([
    ['cannot be reached', 'DATABASE_UNAVAILABLE'],
    ['denies access', 'DATABASE_ACCESS_REFUSED'],
    ['does not exist and may not be created', 'DATABASE_MISSING'],
  ])('starts the server with a warning if the database %s', async (_how, code) => {
    const database = await createDatabase();
    const role = await createRole();
    const { dir } = await createStandalone({ seed: 'fails' });
    if (code === 'DATABASE_MISSING') await database.drop();
    const url =
      code === 'DATABASE_UNAVAILABLE'
        ? `postgresql://app@127.0.0.1:${await closedPort()}/app`
        : database.urlFor(code === 'DATABASE_MISSING' ? role : { ...role, password: 'not-the-right-one' });
    const boot = await startBundle({ dir, env: { ...env, DATABASE_URL: url } });
    await boot.waitForServer();
    expect(boot.logs.filter(({ level }) => level === 'warn')).toMatchObject([
      { step: 'database', event: 'continued', error: { code } },
    ]);
    expect(steps(boot.logs, 'skipped')).toEqual(['migrate', 'seed']);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('migrates and seeds a database that answers, and ends with 65 if a migration fails', async () => {
    const database = await createDatabase();
    const app = await createStandalone({ server: 'crashing', seed: 'works' });
    const given = { ...env, DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' };
    expect(await runBundle({ dir: app.dir, env: given })).toMatchObject({ code: 0 });
    expect(await database.query('SELECT count(*)::int FROM users')).toEqual([{ count: 3 }]);
    await app.addMigration('29990101000000_broken', 'SELECT broken');
    expect(await runBundle({ dir: app.dir, env: given })).toMatchObject({ code: 65 });
  });

  test('gives the server a connection string that its driver understands, also where it refused us', async () => {
    const database = await createDatabase();
    const role = { ...(await createRole()), password: 'not-the-right-one' };
    const { dir } = await createStandalone({ server: 'recorder' });
    const url = database.urlFor(role).replace(/\?.*$/, '');
    const boot = await startBundle({ dir, env: { ...env, DATABASE_URL: `${url}?sslmode=prefer` } });
    const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect(started.envHashes).toMatchObject({ DATABASE_URL: sha256(`${url}?sslmode=disable`) });
    await boot.killAll();
  });

  test('is left by a signal while it waits', async () => {
    const { dir } = await createStandalone();
    const url = `postgresql://app@127.0.0.1:${await closedPort()}/app`;
    const boot = await startBundle({
      dir,
      env: { ...env, ENTRYPOINT_DB_TIMEOUT: '1h', DATABASE_URL: url },
    });
    await boot.waitForLog({ event: 'retry' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('is for the start alone: `wait` needs the database', async () => {
    const { dir } = await createStandalone();
    const url = `postgresql://app@127.0.0.1:${await closedPort()}/app`;
    const run = await runBundle({ dir, args: ['wait'], env: { ...env, DATABASE_URL: url } });
    expect(run).toMatchObject({ code: 69 });
  });
});
