import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { closedPort } from '../../helpers/network.ts';
import { createStandalone, SCHEMA, type StandaloneOptions } from '../../helpers/standalone.ts';

const LOCK = 'provider = "postgresql"\n';
const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

/** An app with databases for events and for reports beside the first. */
async function createApp(
  scripts: { events?: string; reports?: string } = {},
  options: StandaloneOptions = {},
) {
  const { events = 'CREATE TABLE events (id int)', reports = 'CREATE TABLE reports (id int)' } = scripts;
  const databases = [
    { name: 'events', urlFrom: ['EVENTS_URL'], prismaDir: 'packages/events/prisma' },
    {
      name: 'reports',
      urlFrom: ['REPORTS_POOL_URL', 'REPORTS_URL'],
      prismaDir: 'reports/schema.prisma',
      migrationsDir: 'reports/sql',
    },
  ];
  const app = await createStandalone({
    server: 'crashing',
    ...options,
    files: {
      'packages/events/prisma/schema.prisma': SCHEMA,
      'packages/events/prisma/migrations/migration_lock.toml': LOCK,
      'packages/events/prisma/migrations/0001_events/migration.sql': events,
      'reports/schema.prisma': SCHEMA,
      'reports/sql/migration_lock.toml': LOCK,
      'reports/sql/0001_reports/migration.sql': reports,
      'zarpe.config.json': JSON.stringify({ databases }),
      ...options.files,
    },
  });
  const of = {
    main: await createDatabase(),
    events: await createDatabase(),
    reports: await createDatabase(),
  };
  const env: Record<string, string> = {
    DATABASE_URL: of.main.url,
    EVENTS_URL: of.events.url,
    REPORTS_URL: of.reports.url,
    FIXTURE_EXIT_CODE: '0',
  };
  const run = (args: string[] = [], more: Record<string, string> = {}) =>
    runBundle({ dir: app.dir, args, env: { ...env, ...more } });
  const applied = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(of).map(async ([name, database]) => [
          name,
          (await database.migrations()).map(({ migration_name: migration }) => migration),
        ]),
      ),
    );
  return { app, of, env, run, applied };
}

const ALL = { main: ['20260101000000_create_users'], events: ['0001_events'], reports: ['0001_reports'] };

describe('further databases of zarpe.config.json', () => {
  test('are migrated in their order before the first, each with a history of its own', async () => {
    const { run, applied } = await createApp();
    const { code, logs } = await run();
    expect(code).toBe(0);
    expect(await applied()).toEqual(ALL);
    const order = logs
      .filter(({ event }) => event === 'further' || event === 'applied')
      .map(({ msg }) => msg);
    expect(order).toEqual([
      'database events',
      '0001_events',
      'database reports',
      '0001_reports',
      '20260101000000_create_users',
    ]);
    const again = await run();
    expect(again.code).toBe(0);
    expect(again.logs.filter(({ event }) => event === 'applied')).toEqual([]);
    expect(await applied()).toEqual(ALL);
  });

  test('reach the server as its driver reads them, and no secret of them is printed', async () => {
    const { app, env } = await createApp({}, { server: 'recorder' });
    const url = `${env.EVENTS_URL?.replace(/\?.*$/, '')}?sslmode=prefer`;
    const boot = await startBundle({ dir: app.dir, env: { ...env, EVENTS_URL: url } });
    const started = await boot.waitForLog({ fixture: 'recorder', event: 'started' });
    expect(started.envHashes).toMatchObject({
      DATABASE_URL: sha256(env.DATABASE_URL ?? ''),
      EVENTS_URL: sha256(url.replace('prefer', 'disable')),
    });
    await boot.killAll();
  });

  test('of which one fails end the boot, name it, and leave what came before it; the next start goes on', async () => {
    const { app, run, applied } = await createApp({ reports: 'SELECT broken' });
    const { code, logs } = await run();
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'MIGRATION_FAILED',
      problems: [
        { details: expect.arrayContaining([expect.stringContaining('about the database reports')]) },
      ],
    });
    expect(await applied()).toEqual({ main: [], events: ['0001_events'], reports: [] });
    await app.write('reports/sql/0001_reports/migration.sql', 'CREATE TABLE reports (id int)');
    expect((await run()).code).toBe(0);
    expect(await applied()).toEqual(ALL);
  });

  test('are migrated once, however many replicas start at once', async () => {
    const slow = 'CREATE TABLE t (id int); SELECT pg_sleep(0.3)';
    const { run, applied } = await createApp({ events: slow, reports: slow });
    const results = await Promise.all(Array.from({ length: 3 }, () => run()));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    const lines = results.flatMap(({ logs }) => logs.filter(({ event }) => event === 'applied'));
    expect(lines.map(({ migration }) => migration).sort()).toEqual(Object.values(ALL).flat().sort());
    expect(await applied()).toEqual(ALL);
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'of which one is being migrated when %s comes: the next start goes on there',
    async (signal) => {
      const { app, env, run, applied } = await createApp({
        reports: 'CREATE TABLE r (id int); SELECT pg_sleep(60)',
      });
      const boot = await startBundle({ dir: app.dir, env });
      await boot.waitForLog({ event: 'pending', migrations: ['0001_reports'] });
      if (signal === 'SIGKILL') await boot.killAll();
      else {
        boot.kill(signal);
        expect(await boot.exit).toMatchObject({ code: 143 });
      }
      expect(await applied()).toEqual({ main: [], events: ['0001_events'], reports: [] });
      await app.write('reports/sql/0001_reports/migration.sql', 'CREATE TABLE r (id int)');
      expect(await run()).toMatchObject({ code: 0 });
      expect(await applied()).toEqual(ALL);
    },
  );

  test('are left alone with ENTRYPOINT_DATABASE=off, and need no connection string then', async () => {
    const { run, applied } = await createApp();
    const none = { DATABASE_URL: '', EVENTS_URL: '', REPORTS_URL: '', ENTRYPOINT_DATABASE: 'off' };
    const { code, logs } = await run([], none);
    expect(code).toBe(0);
    expect(logs.filter(({ level }) => level === 'warn')).toEqual([]);
    expect(await applied()).toEqual({ main: [], events: [], reports: [] });
  });

  test('that cannot be used are a warning with ENTRYPOINT_DATABASE=optional, and 69 otherwise', async () => {
    const { run, applied } = await createApp();
    const away = {
      EVENTS_URL: `postgresql://app@127.0.0.1:${await closedPort()}/app`,
      ENTRYPOINT_DB_TIMEOUT: '300ms',
    };
    const refused = await run([], away);
    expect(refused.code).toBe(69);
    expect(JSON.stringify(refused.logs.at(-1))).toContain('about the database events');
    const { code, logs } = await run([], { ...away, ENTRYPOINT_DATABASE: 'optional' });
    expect(code).toBe(0);
    expect(logs.find(({ event }) => event === 'continued')?.msg).toContain(
      'the database events cannot be used',
    );
    expect(await applied()).toEqual({ ...ALL, events: [] });
  });

  test('are what `migrate`, `check`, `status` and `resolve` are about, too', async () => {
    const { of, run, applied } = await createApp();
    const check = await run(['check', '--json']);
    expect(check.code).toBe(0);
    const report = JSON.parse(check.stdout);
    expect(report.pending.map(({ name, database }: Record<string, string>) => [database, name])).toEqual([
      ['events', '0001_events'],
      ['reports', '0001_reports'],
      [undefined, '20260101000000_create_users'],
    ]);
    const messages = report.findings.map(({ message }: { message: string }) => message);
    expect(messages).toContainEqual(
      expect.stringMatching(/^events: the boot would apply 1 pending migration/),
    );
    expect((await run(['status', '--database', 'events'])).code).toBe(65);
    expect((await run(['migrate'])).code).toBe(0);
    expect(await applied()).toEqual(ALL);
    expect((await run(['status', '--database', 'events'])).code).toBe(0);
    await of.events.query('UPDATE _prisma_migrations SET finished_at = NULL');
    const failed = await run();
    expect(failed.code).toBe(65);
    expect(JSON.stringify(failed.logs.at(-1))).toContain('--database events');
    const resolved = await run(['resolve', '--applied', '0001_events', '--database', 'events']);
    expect(resolved.code).toBe(0);
    expect((await run()).code).toBe(0);
    const unknown = await run(['status', '--database', 'event']);
    expect(unknown.code).toBe(64);
    expect(unknown.stderr).toContain('Did you mean events?');
  });

  test('may be any file’s: NAME_FILE', async () => {
    const { app, env, run } = await createApp();
    await app.write('secret', env.EVENTS_URL ?? '');
    expect(await run([], { EVENTS_URL: '', EVENTS_URL_FILE: app.path('secret') })).toMatchObject({ code: 0 });
  });

  test('with a mistake end the boot with 78, before any database is touched', async () => {
    const { env, run, applied } = await createApp();
    const problems = async (more: Record<string, string>) => {
      const { code, logs } = await run([], more);
      expect(code).toBe(78);
      return logs[0]?.error?.problems;
    };
    expect(await problems({ EVENTS_URL: '', REPORTS_URL: '' })).toMatchObject([
      { what: 'EVENTS_URL', got: 'nothing', hint: 'Set EVENTS_URL.' },
      { what: 'REPORTS_POOL_URL, REPORTS_URL', got: 'nothing' },
    ]);
    expect(await problems({ EVENTS_URL: env.DATABASE_URL ?? '' })).toMatchObject([
      { what: 'EVENTS_URL', got: 'the same as DATABASE_URL' },
    ]);
    expect(await problems({ EVENTS_URL: 'mysql://db/app' })).toMatchObject([{ what: 'EVENTS_URL' }]);
    expect(await problems({ ENTRYPOINT_MIGRATE_ENGINE: 'cli' })).toMatchObject([
      { what: 'zarpe.config.json: databases', got: '`cli`' },
    ]);
    expect(await applied()).toEqual({ main: [], events: [], reports: [] });
  });

  test('of which the image lacks a folder end the boot with 66, and say which', async () => {
    const { app, run, applied } = await createApp();
    await app.remove('reports/sql');
    const { code, logs } = await run();
    expect(code).toBe(66);
    expect(logs.at(-1)?.error?.problems).toMatchObject([
      { what: 'reports/sql', details: expect.arrayContaining([expect.stringContaining('database reports')]) },
    ]);
    expect(await applied()).toEqual({ main: [], events: [], reports: [] });
  });

  test('of one name, or of a variable that another one has, are problems of the file', async () => {
    const { app, run } = await createApp();
    const first = { name: 'a', urlFrom: ['A_URL'], prismaDir: 'a' };
    const databases = [
      first,
      { ...first, urlFrom: ['DATABASE_URL'] },
      { name: 'b', urlFrom: [], prismaDir: 'b' },
    ];
    await app.write('zarpe.config.json', JSON.stringify({ databases: databases.slice(0, 2) }));
    expect((await run([], { A_URL: 'postgresql://x@db/a' })).logs[0]?.error?.problems).toMatchObject([
      { what: 'zarpe.config.json: databases[1].name', got: '`a` again' },
      { what: 'zarpe.config.json: databases[1]', got: 'DATABASE_URL' },
      { got: 'the same as DATABASE_URL' },
    ]);
    await app.write('zarpe.config.json', JSON.stringify({ databases }));
    expect((await run()).logs[0]?.error?.problems).toMatchObject([
      { what: 'zarpe.config.json: databases[2].urlFrom', got: 'an empty list' },
    ]);
  });
});
