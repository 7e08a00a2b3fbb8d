import { chmod } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { type LogLine, runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import type { AnyProblem } from '../../helpers/problems.ts';
import { createStandalone, type SeedFixture, USERS_MIGRATION } from '../../helpers/standalone.ts';

async function prepare(seed: SeedFixture | undefined, migration = USERS_MIGRATION) {
  const app = await createStandalone({
    server: 'crashing',
    migrations: { '0001': migration },
    ...(seed !== undefined && { seed }),
  });
  const database = await createDatabase();
  const boot = (env: Record<string, string> = {}, args: string[] = []) =>
    runBundle({ dir: app.dir, args, env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0', ...env } });
  const users = async () =>
    (await database.query<{ n: number }>('SELECT count(*)::int AS n FROM users'))[0]?.n;
  return { app, database, boot, users };
}

const ended = (logs: { step?: string; event?: string; msg?: string }[]) =>
  logs.find(({ step, event }) => step === 'seed' && (event === 'done' || event === 'skipped'));

const PROGRAMS = {
  'node_modules/.bin/tsx': '#!/bin/sh\n',
  'bin/shell': '#!/no/such/sh\n',
  'bin/env': '#!/usr/bin/env -S no-such-node --flag\n',
  'bin/text': 'echo seeded\n',
  'bin/windows': '#!/bin/sh\r\n',
};

describe('the seed', () => {
  test('runs on no rows, is counted again, and is not run on rows', async () => {
    const { boot, users } = await prepare('works');
    const first = await boot();
    expect(first.code).toBe(0);
    expect(ended(first.logs)).toMatchObject({ event: 'done', rows: 3, msg: 'seeded: users has 3 rows' });
    const second = await boot();
    expect(ended(second.logs)).toMatchObject({ event: 'skipped', msg: 'skipped: users has 3 rows' });
    expect(second.logs.filter(({ step }) => step === 'lock')).toEqual([]);
    expect(await users()).toBe(3);
  });

  test.each([
    ['works', 0],
    ['fails', 73],
  ] as const)('that %s is named without its arguments, which may be passwords', async (seed, status) => {
    const { boot } = await prepare(seed);
    const env = {
      ENTRYPOINT_SEED_COMMAND: 'node seed.js --user admin hidden-word',
      FIXTURE_EXIT_CODE: seed === 'fails' ? '3' : '0',
    };
    const checked = await boot(env, ['check']);
    const { code, logs, stdout } = await boot(env);
    expect(code, stdout).toBe(status);
    expect(stdout).toContain('seeding with `node seed.js … … …`');
    // The fixture prints what it was started with, as it does everywhere.
    const ours = logs.filter(({ event, fixture }) => event !== 'output' && fixture === undefined);
    expect(checked.stdout + JSON.stringify(ours)).not.toContain('hidden-word');
  });

  test.each(['users', '"User"', '"user"'])('finds the table %s', async (table) => {
    const name = table.replaceAll('"', '');
    const { boot } = await prepare('works', `CREATE TABLE ${table} (id serial, email text)`);
    const { logs, code } = await boot({ FIXTURE_SEED_TABLE: name });
    expect(code).toBe(0);
    expect(ended(logs)).toMatchObject({ event: 'done', rows: 3 });
  });

  test('looks at the table that was named, in the schema of the URL', async () => {
    const { app, database } = await prepare('works', 'CREATE TABLE people (id serial, email text)');
    const env = {
      DATABASE_URL: database.urlFor(undefined, { schema: 'app' }),
      ENTRYPOINT_SEED_TABLE: 'people',
      FIXTURE_SEED_TABLE: 'people',
      FIXTURE_EXIT_CODE: '0',
    };
    expect(ended((await runBundle({ dir: app.dir, env })).logs)).toMatchObject({ event: 'done', rows: 3 });
    expect(ended((await runBundle({ dir: app.dir, env })).logs)).toMatchObject({ event: 'skipped' });
  });

  test('cannot be decided where no table of users is there: exit 73, with the tables and the lines to set', async () => {
    const script = 'CREATE TABLE other (id int); CREATE TABLE filled AS SELECT 1 AS id';
    const { boot } = await prepare('works', script);
    const { code, logs } = await boot();
    expect(code).toBe(73);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'SEED_UNDECIDED',
      problems: [
        {
          message: 'Could not decide whether to seed: schema "public" has no table users, User, user',
          details: [
            expect.stringContaining('ENTRYPOINT_SEED_TABLE=filled'),
            'ENTRYPOINT_SEED=never',
            expect.stringContaining('ENTRYPOINT_SEED=always'),
            'Tables in schema "public": filled (has rows), other (empty)',
          ],
        },
      ],
    });
    expect((await boot({ ENTRYPOINT_SEED: 'never' })).code).toBe(0);
    expect((await boot({ ENTRYPOINT_SEED_TABLE: 'filled' })).code).toBe(0);
    expect((await boot({ ENTRYPOINT_SEED_ON_ERROR: 'continue' })).code).toBe(0);
  });

  test('is refused where the table that was named is not there, also with nothing to migrate: exit 73', async () => {
    const { boot } = await prepare('works');
    await boot();
    for (const args of [[], ['seed']]) {
      const { code, logs } = await boot({ ENTRYPOINT_SEED_TABLE: 'usrs' }, args);
      expect(code).toBe(73);
      expect(logs.at(-1)?.error).toMatchObject({
        code: 'SEED_UNDECIDED',
        problems: [
          {
            message: expect.stringMatching(/ENTRYPOINT_SEED_TABLE/),
            hint: expect.stringContaining('Did you mean users?'),
          },
        ],
      });
    }
  });

  test('is not run where its table may not be read: exit 73', async () => {
    const { app, database, boot } = await prepare('works');
    await boot({ ENTRYPOINT_SEED: 'never' });
    const role = await createRole();
    await database.query(`GRANT SELECT ON _prisma_migrations TO ${role.name}`);
    const env = { DATABASE_URL: database.urlFor(role) };
    const { code, logs } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(73);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'SEED_UNDECIDED',
      problems: [{ message: expect.stringContaining('(the role may not read it)') }],
    });
  });

  test('that is not there is none', async () => {
    const { boot } = await prepare(undefined);
    const { code, logs } = await boot();
    expect(code).toBe(0);
    expect(ended(logs)).toMatchObject({ event: 'skipped', msg: 'skipped: there is no seed.js' });
  });

  test('that is an ES module under the name seed.mjs runs, whatever package.json says', async () => {
    const { app, boot } = await prepare(undefined);
    await app.write('package.json', '{"type":"commonjs"}');
    await app.write('seed.mjs', "import 'node:fs';\nconsole.log('from', await 'seed.mjs');\n");
    const { code, logs } = await boot();
    expect(code).toBe(0);
    expect(logs).toContainEqual(expect.objectContaining({ step: 'seed', msg: 'from seed.mjs' }));
  });

  test.each(['seed', 'seed --force'])('that is not there cannot be asked for: %s', async (command) => {
    const { boot } = await prepare(undefined);
    await boot();
    const { code, logs } = await boot({}, command.split(' '));
    expect(code).toBe(66);
    expect(logs.at(-1)?.error).toMatchObject({ code: 'SEED_MISSING', problems: [{ got: 'neither' }] });
  });

  test('can be turned off, and run on rows', async () => {
    const { boot, users } = await prepare('works');
    expect(ended((await boot({ ENTRYPOINT_SEED: 'never' })).logs)?.msg).toContain('ENTRYPOINT_SEED=never');
    expect(await users()).toBe(0);
    await boot();
    await boot({}, ['seed']);
    expect(await users()).toBe(3);
  });

  test.each(['seed --force', 'ENTRYPOINT_SEED=always'])(
    'seeds a database that has users with %s',
    async (how) => {
      const { database, boot, users } = await prepare('works', 'CREATE TABLE users (id serial, email text)');
      await boot();
      const again =
        how === 'seed --force'
          ? await boot({}, ['seed', '--force'])
          : await boot({ ENTRYPOINT_SEED: 'always' });
      expect(again.code).toBe(0);
      expect(await users()).toBe(6);
      expect(
        await database.query(
          "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        ),
      ).toEqual([]);
    },
  );

  test('that fails ends the boot with 73, its last lines told', async () => {
    const { boot } = await prepare('fails');
    const { code, logs } = await boot({ FIXTURE_EXIT_CODE: '3' });
    expect(code).toBe(73);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'SEED_FAILED',
      problems: [
        {
          message: expect.stringMatching(/ended with exit status 3$/),
          details: ['the seed fixture fails, as it was told to'],
        },
      ],
    });
    expect(logs.find(({ event }) => event === 'output')).toMatchObject({ stream: 'stderr' });
  });

  test('that fails lets the server start with ENTRYPOINT_SEED_ON_ERROR=continue', async () => {
    const { boot } = await prepare('fails');
    const { code, logs } = await boot({ FIXTURE_EXIT_CODE: '3', ENTRYPOINT_SEED_ON_ERROR: 'continue' });
    expect(code).toBe(3);
    expect(logs.find(({ event }) => event === 'continued')).toMatchObject({
      level: 'warn',
      error: { code: 'SEED_FAILED' },
    });
    expect(logs.some(({ fixture, event }) => fixture === 'crashing' && event === 'ready')).toBe(true);
  });

  test('that writes half and fails leaves what it committed, and is not run on it', async () => {
    const { boot, users } = await prepare('half');
    expect((await boot()).code).toBe(73);
    expect(await users()).toBe(1);
    expect((await boot()).code).toBe(0);
  });

  test('that claims success and writes nothing is reported', async () => {
    const { boot } = await prepare('empty');
    const { code, logs } = await boot();
    expect(code).toBe(0);
    expect(logs.find(({ event }) => event === 'empty')).toMatchObject({ level: 'warn', step: 'seed' });
  });

  test.each(['hangs', 'stubborn'] as const)('that %s is ended with all it started: exit 73', async (seed) => {
    const { app, database } = await prepare(seed);
    const boot = await startBundle({
      dir: app.dir,
      env: { DATABASE_URL: database.url, ENTRYPOINT_SEED_TIMEOUT: '2s' },
    });
    expect(await boot.exit).toMatchObject({ code: 73 });
    expect(boot.logs.at(-1)?.error).toMatchObject({
      problems: [
        { message: expect.stringMatching(/ timed out after 2s \(ENTRYPOINT_SEED_TIMEOUT\) and was killed$/) },
      ],
    });
    expect(boot.processes()).toEqual([]);
  });

  test.each([
    ['no-such-program --at all', 'there is no program no-such-program in PATH'],
    ['./bin/seed', 'there is no program ./bin/seed in '],
    ['node prisma/seed.js', 'there is no file prisma/seed.js in '],
    ['node --import tsx prisma/seed.ts hidden', 'there is no file tsx or prisma/seed.ts in '],
    ['tsx seed.ts', 'there is no program tsx in PATH, though there is node_modules/.bin/tsx'],
    ['bin/shell --at all', 'bin/shell needs /no/such/sh, which is not in the image'],
    ['bin/env', 'bin/env needs no-such-node, which is not in PATH'],
    [
      'bin/text',
      'bin/text is neither a program of this system nor a script with a first line such as #!/bin/sh',
    ],
    ['bin/windows', 'the first line of bin/windows ends with a Windows line break (CRLF)'],
  ])('whose command %s is not in the image says so: exit 73, nothing held', async (command, got) => {
    const { app, boot } = await prepare('works');
    for (const [program, content] of Object.entries(PROGRAMS)) {
      await app.write(program, content);
      await chmod(app.path(program), 0o755);
    }
    const { code, logs } = await boot({ ENTRYPOINT_SEED_COMMAND: command });
    expect(code).toBe(73);
    const [message = ''] = problemsIn(logs);
    expect(logs.at(-1)?.error?.code).toBe('SEED_FAILED');
    expect(message).toMatch(/^The seed `[^`]+` cannot run: /);
    expect(message).toContain(got);
    expect(message).toContain(command.split(' ')[0]);
  });

  test.each([
    ['a process more', 'EAGAIN', 75, 'RESOURCE_EXHAUSTED'],
    ['memory', 'ENOMEM', 75, 'RESOURCE_EXHAUSTED'],
    ['an open file more', 'EMFILE', 78, 'PLATFORM_UNSUITABLE'],
  ])(
    'or a hook for which the system has not %s (%s) is no failure of theirs',
    async (_what, code, status, name) => {
      const { app } = await prepare('works');
      const { url } = await createDatabase();
      const refusal = `--import=data:text/javascript,${encodeURIComponent(`
      import { constants } from 'node:os';
      const { Process } = process.binding('process_wrap');
      const { spawn } = Process.prototype;
      Process.prototype.spawn = function (options) {
        if (!options.args.some((arg) => /seed|hook/.test(arg))) return spawn.call(this, options);
        spawn.call(this, { ...options, file: '/no/such/program' });
        return -constants.errno.${code};
      };
    `)}`;
      const run = () =>
        runBundle({
          dir: app.dir,
          nodeArgs: [refusal],
          env: { DATABASE_URL: url, ENTRYPOINT_SEED: 'always' },
        });
      const ofSeed = await run();
      await app.write('hook.js', '');
      const hooks = { beforeMigrate: [{ command: 'node hook.js' }] };
      await app.write('zarpe.config.json', JSON.stringify({ hooks }));
      for (const { code, logs } of [ofSeed, await run()])
        expect({ code, name: logs.at(-1)?.error?.code }).toEqual({ code: status, name });
    },
  );

  test('is found as Node.js finds it: without its extension, behind flags, or as code', async () => {
    const { boot } = await prepare('works', 'CREATE TABLE users (id serial, email text)');
    for (const command of ['node seed', 'node --no-warnings ./seed.js', 'node -e 0']) {
      expect((await boot({ ENTRYPOINT_SEED: 'always', ENTRYPOINT_SEED_COMMAND: command })).code).toBe(0);
    }
  });

  test('may be any command, its quotes understood, without a shell', async () => {
    const { boot } = await prepare(undefined);
    const command = `node -e "console.log('argument: ' + process.argv[1])" 'a b; $HOME'`;
    const { code, logs } = await boot({ ENTRYPOINT_SEED_COMMAND: command });
    expect(code).toBe(0);
    expect(logs.find(({ event }) => event === 'output')?.msg).toBe('argument: a b; $HOME');
  });

  test('that prints the password does not get it into the log', async () => {
    const { boot } = await prepare('leaks');
    const { code, stdout } = await boot({ FIXTURE_EXIT_CODE: '1' });
    expect(code).toBe(73);
    expect(stdout).toMatch(/connecting to .*\[redacted\]/);
  });

  test('is run once by two that start at once', async () => {
    const { boot, users } = await prepare('works', 'CREATE TABLE users (id serial, email text)');
    const boots = await Promise.all([boot(), boot()]);
    expect(boots.map(({ code }) => code)).toEqual([0, 0]);
    expect(await users()).toBe(3);
  });

  test('has the environment of the server', async () => {
    const { app, database } = await prepare('works');
    const { logs } = await runBundle({
      dir: app.dir,
      env: {
        DATABASE_URL: database.url,
        FIXTURE_RECORD: 'PORT,NODE_ENV,HOSTNAME,EXTRA',
        EXTRA: 'yes',
        FIXTURE_EXIT_CODE: '0',
      },
    });
    const started = logs.find(({ event, msg }) => event === 'output' && msg?.includes('"started"'));
    expect(JSON.parse(started?.msg ?? '{}')).toMatchObject({
      cwd: app.dir,
      env: { NODE_ENV: 'production', HOSTNAME: '0.0.0.0', EXTRA: 'yes' },
    });
  });
});

function problemsIn(logs: readonly LogLine[]): (string | undefined)[] {
  return ((logs.at(-1)?.error?.problems ?? []) as AnyProblem[]).map(({ message }) => message);
}
