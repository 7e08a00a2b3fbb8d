import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import { describe, expect, test } from 'vitest';
import { collectSecrets } from '../../../entrypoint/config/collect-secrets.ts';
import { isSecret, keyOf } from '../../../entrypoint/config/config-file/keys.ts';
import { SECTION_NAMES } from '../../../entrypoint/config/config-file/sections.ts';
import { parseConfigFile, readConfigFile } from '../../../entrypoint/config/config-file.ts';
import { readEarlySettings } from '../../../entrypoint/config/early-settings.ts';
import { resolveEnvironment } from '../../../entrypoint/config/environment.ts';
import { VARIABLE_NAMES, VARIABLES, type Variable } from '../../../entrypoint/config/variables.ts';
import { readConfig } from '../../../entrypoint/config.ts';
import { problemsOf } from '../../helpers/problems.ts';
import { createFolder } from '../../helpers/workspace.ts';

const URL = 'postgresql://app:secret-password@db:5432/app';
const resolve = (json: object, env: Record<string, string> = {}) =>
  resolveEnvironment({ DATABASE_URL: URL, ...env }, parseConfigFile(JSON.stringify(json)));
const read = (json: object, env: Record<string, string> = {}) => readConfig(resolve(json, env), '/app');
const problems = (json: object, env: Record<string, string> = {}) =>
  problemsOf(() => read(json, env), 'CONFIG_INVALID');

describe('zarpe.config.json', () => {
  test('has a key of its own for every variable, and no other key is like one', () => {
    const keys = [...VARIABLE_NAMES.map(keyOf), ...SECTION_NAMES];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keyOf('ENTRYPOINT_SEED_TABLE')).toBe('seedTable');
    expect(keyOf('LOG_LEVEL')).toBe('logLevel');
  });

  test.each(VARIABLE_NAMES)(
    'means for %s what the environment means, unless it is a secret or names the folder of the file',
    (name) => {
      const variable: Variable = VARIABLES[name];
      const text = variable.default ?? variable.values?.[0] ?? (variable.form === 'number' ? '15' : '/text');
      const file = parseConfigFile(JSON.stringify({ [keyOf(name)]: text }));
      if (isSecret(name) || name === 'ENTRYPOINT_APP_DIR') expect(file.problems).toHaveLength(1);
      else expect(file).toMatchObject({ values: { [name]: text }, problems: [] });
    },
  );

  test('takes numbers, switches, lists and commands as JSON has them', () => {
    const config = read({
      $schema: './zarpe.config.schema.json',
      port: 8080,
      bootProbe: true,
      migrateRetryFailed: false,
      databaseMinVersion: 15,
      databaseUrlFrom: ['POSTGRES_URL', 'DATABASE_URL'],
      requireEnv: ['DATABASE_URL:10'],
      seedCommand: ['node', 'a file.js', '--name', "it's", '"quoted"', ''],
      seedTimeout: '90s',
    });
    expect(config).toMatchObject({
      server: { port: 8080, bootProbe: true },
      migrate: { retryFailed: false },
      database: { minVersion: 15 },
      seed: { timeoutMs: 90_000 },
    });
    expect(parseArgsStringToArgv(config.seed.command ?? '')).toEqual([
      'node',
      'a file.js',
      '--name',
      "it's",
      '"quoted"',
      '',
    ]);
  });

  test('has its hooks’ command lines searched for passwords, as that of the seed is', () => {
    const command = ['node', 'x.js', '--password=hunter2-of-a-kind'];
    const hooks = { afterMigrate: [{ command }, { command: 'node x.js --api-token=other-of-a-kind' }] };
    const secrets = collectSecrets(resolve({ hooks }));
    expect(secrets).toEqual(expect.arrayContaining(['hunter2-of-a-kind', 'other-of-a-kind']));
  });

  test('gives way to the environment, and to the file that a variable names', async () => {
    const path = join(await createFolder('values'), 'level');
    writeFileSync(path, 'warn');
    const environment = resolve(
      { port: 8080, logLevel: 'debug', logFormat: 'json' },
      { PORT: '9090', LOG_LEVEL_FILE: path },
    );
    expect(readEarlySettings(environment)).toMatchObject({ port: 9090, level: 'warn', format: 'json' });
    expect(Object.keys(environment.fromConfig)).toEqual(['LOG_FORMAT']);
  });

  test('wins over an empty variable, and over the HOSTNAME that Docker sets', () => {
    expect(
      read({ hostname: '127.0.0.1', port: 8080 }, { HOSTNAME: hostname(), PORT: '' }).server,
    ).toMatchObject({
      hostname: '127.0.0.1',
      port: 8080,
    });
    expect(read({ hostname: '127.0.0.1' }, { HOSTNAME: '::' }).server.hostname).toBe('::');
  });

  test('is passed to the seed and the server as the environment is', () => {
    expect(read({ port: 8080, nodeEnv: 'test' }).appEnv).toMatchObject({ PORT: '8080', NODE_ENV: 'test' });
  });

  test('that has a malformed value is reported with its key, and that of the environment with its variable', () => {
    const json = { seed: 'sometimes', port: 70_000, seedCommand: 'a && b', lockTimeout: 'soon' };
    expect(problems(json, { LOG_LEVEL: 'loud' }).map(({ what }) => what)).toEqual([
      'zarpe.config.json: port',
      'LOG_LEVEL',
      'zarpe.config.json: lockTimeout',
      'zarpe.config.json: seed',
      'zarpe.config.json: seedCommand',
    ]);
  });

  test.each<[string, unknown, string, string]>([
    ['seedTable', 5, 'a table name, as a string', 'a number'],
    ['seedTable', true, 'a table name, as a string', '`true`'],
    ['seedTable', '', 'a table name, as a string', 'an empty string'],
    ['bootProbe', 1, 'on or off, as a string', 'a number'],
    ['seedTimeout', 30, 'a duration such as', 'a number'],
    ['port', [3000], 'a port from 1 to 65535', 'a list'],
    ['port', null, 'a port from 1 to 65535', '`null`'],
    ['requireEnv', ['A', 5], 'as a string or a list of strings', 'a list'],
    ['requireEnv', [], 'as a string or a list of strings', 'an empty list'],
    ['seedCommand', [`"it's"`], 'none with both kinds of quotes', 'a list'],
    ['seedCommand', { program: 'node' }, 'a command', 'an object'],
    ['variables', ['A=1'], 'an object of variables', 'a list'],
  ])('refuses %s as %j', (key, value, expected, got) => {
    const [problem, ...others] = problems({ [key]: value });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ what: `zarpe.config.json: ${key}`, got });
    expect(problem).toHaveProperty('expected', expect.stringContaining(expected));
  });

  test.each([
    ['seedTabel', 'Did you mean seedTable?'],
    ['ENTRYPOINT_SEED_TABLE', 'Did you mean seedTable?'],
    ['variable', 'Did you mean variables?'],
    ['databaseUrlForm', 'Did you mean databaseUrlFrom?'],
    ['appDir', 'Remove it. `explain` lists all keys.'],
    ['xyz', 'Remove it. `explain` lists all keys.'],
  ])('refuses the unknown key %s', (key, hint) => {
    expect(problems({ [key]: 'x' })).toMatchObject([
      { what: `zarpe.config.json: ${key}`, got: 'an unknown key', hint },
    ]);
  });

  test.each(['databaseUrl', 'databasePassword', 'directUrl', 'alertWebhook'])(
    'refuses the secret %s, and does not repeat it',
    (key) => {
      const found = problems({ [key]: 'not-to-be-printed' });
      expect(found).toMatchObject([{ what: `zarpe.config.json: ${key}` }]);
      expect(JSON.stringify(found)).not.toContain('not-to-be-printed');
    },
  );

  test('that has a NUL in a text is refused, with the path to it', () => {
    const hooks = { beforeServer: [{ command: ['node', 'a\0b'] }] };
    const json = { variables: { A: '\0' }, hooks, seedCommand: ['node', '\0'], seedTable: 'a\0' };
    const paths = ['variables.A', 'hooks.beforeServer[0].command[1]', 'seedCommand[1]', 'seedTable'];
    for (const path of paths)
      expect(problems(json)).toContainEqual(
        expect.objectContaining({ what: `zarpe.config.json: ${path}`, got: 'a NUL character' }),
      );
  });

  test('that is no JSON is reported with line and column', () => {
    const { problems: found } = parseConfigFile('{\n  "port": 3000,\n}');
    expect(found).toMatchObject([
      { what: 'zarpe.config.json, line 3, column 1', hint: 'Remove the comma before it.' },
    ]);
  });

  test.each(['[]', 'null', '"text"', '5'])('that holds %s is refused', (text) => {
    expect(parseConfigFile(text).problems).toMatchObject([
      { what: 'zarpe.config.json', expected: 'an object' },
    ]);
  });
});

describe('readConfigFile', () => {
  test('needs no file, and takes one with a byte order mark', async () => {
    const dir = await createFolder('app');
    expect(readConfigFile(dir)).toEqual({ values: {}, sections: {}, problems: [] });
    writeFileSync(join(dir, 'zarpe.config.json'), '\uFEFF{ "port": 8080 }');
    expect(readConfigFile(dir).values).toEqual({ PORT: '8080' });
  });

  test.each<[string, (path: string) => void, string]>([
    ['a folder', (path) => mkdirSync(path), 'a folder'],
    ['a device', (path) => symlinkSync('/dev/zero', path), 'a device'],
    [
      'a dangling link',
      (path) => symlinkSync('/nowhere/config', path),
      'a symbolic link to a file that does not exist',
    ],
    ['too large', (path) => writeFileSync(path, ' '.repeat(70_000)), 'more than 65536 bytes'],
    ['not in UTF-8', (path) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x7b, 0])), 'UTF-16'],
  ])('refuses a file that is %s', async (_, make, got) => {
    const dir = await createFolder('app');
    make(join(dir, 'zarpe.config.json'));
    const [problem] = readConfigFile(dir).problems;
    expect(problem).toMatchObject({ what: 'zarpe.config.json' });
    expect(problem?.got).toContain(got);
  });
});

describe('variables made of others', () => {
  test('reach the seed and the server, unless the environment sets them', () => {
    const ofOthers = { SELF: 'http://127.0.0.1:${PORT}', COPY: '${DATABASE_URL}' };
    const { appEnv } = read(
      { variables: { AUTH_URL: '${BASE_URL}/auth', NODE_OPTIONS: '--x', ...ofOthers } },
      {
        BASE_URL: 'https://app.example',
        NODE_OPTIONS: '--y',
      },
    );
    expect(appEnv).toMatchObject({
      AUTH_URL: 'https://app.example/auth',
      NODE_OPTIONS: '--y',
      SELF: 'http://127.0.0.1:3000',
      COPY: appEnv.DATABASE_URL,
    });
  });

  test('have the values with which they were checked: defaults of settings, and connection strings that are made', () => {
    const variables = {
      PGPORT: '${DATABASE_PORT}',
      LEVEL: '${LOG_LEVEL:-zzz}',
      MIGRATE_URL: '${DIRECT_URL:-${DATABASE_URL}}',
      NONE: '${constructor:-none}',
      valueOf: 'x',
    };
    const { appEnv } = read({ variables, requireEnv: ['PGPORT:port', 'MIGRATE_URL'] });
    expect(appEnv).toMatchObject({ PGPORT: '5432', LEVEL: 'info', MIGRATE_URL: URL, NONE: 'none' });
    expect(Object.entries(appEnv)).toContainEqual(['valueOf', 'x']);
    const notSet = { LOG_LEVEL: '', DATABASE_PORT: 'tcp://10.96.0.12:5432' };
    expect(read({ variables, requireEnv: ['PGPORT:port'] }, notSet).appEnv).toMatchObject({
      PGPORT: '5432',
      LEVEL: 'info',
    });
    const parts = { DATABASE_URL: '', DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'app' };
    const made = read(
      { variables: { COPY: '${POSTGRES_URL}' }, requireEnv: ['COPY:20'], databaseUrlFrom: ['POSTGRES_URL'] },
      parts,
    );
    expect(made.appEnv.COPY).toBe('postgresql://app@db:5432/app');
  });

  test('cannot refer to a connection string that is not set, nor to what is too long once it is', () => {
    const wrong = { what: 'zarpe.config.json: variables.A' };
    expect(problems({ variables: { A: '${DIRECT_URL}' } })).toMatchObject([
      { ...wrong, expected: 'a value of DIRECT_URL', got: 'nothing' },
    ]);
    const off = { DATABASE_URL: '', ENTRYPOINT_DATABASE: 'off' };
    expect(problems({ variables: { A: '${DATABASE_URL}' } }, off)).toMatchObject([
      { ...wrong, expected: 'a value of DATABASE_URL', got: 'nothing' },
    ]);
    const parts = { DATABASE_URL: '', DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'app' };
    const long = { ...parts, DATABASE_PARAMS: `options=${'x'.repeat(40_000)}` };
    expect(problems({ variables: { A: '${DATABASE_URL}${DATABASE_URL}' } }, long)).toMatchObject([
      { ...wrong, got: 'more' },
    ]);
  });

  test('satisfy what the app requires', () => {
    const json = { requireEnv: ['AUTH_URL:url'], variables: { AUTH_URL: 'http://${NAME:-localhost}/auth' } };
    expect(read(json).appEnv.AUTH_URL).toBe('http://localhost/auth');
  });

  test('may refer to the connection string that is made of its parts', () => {
    const parts = { DATABASE_URL: '', DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'app' };
    const { appEnv } = read({ variables: { POSTGRES_URL: '${DATABASE_URL}' } }, parts);
    expect(appEnv.POSTGRES_URL).toBe(appEnv.DATABASE_URL);
    expect(appEnv.POSTGRES_URL).toContain('postgresql://app@db');
  });

  test('are secret where they contain a secret', () => {
    const environment = resolve(
      { variables: { CALLBACK: 'https://example/${SESSION_TOKEN}', PUBLIC: 'x' } },
      { SESSION_TOKEN: 'tk-81c2f0aa7e' },
    );
    expect(collectSecrets(environment)).toContain('https://example/tk-81c2f0aa7e');
    expect(collectSecrets(environment)).not.toContain('x');
  });

  test.each<[Record<string, unknown>, string, string, string]>([
    [{ A: '${NOWHERE}' }, 'A', 'a value of NOWHERE', 'nothing'],
    [{ A: 'costs $5' }, 'A', 'text with ${NAME}', 'another use of $'],
    [{ A: '${A}' }, 'A', 'no cycle', 'A → A'],
    [{ PORT: '1' }, 'PORT', 'a variable of the app', 'a variable of Zarpe'],
    [{ DATABASE_URL: 'x' }, 'DATABASE_URL', 'a variable of the app', 'a variable of Zarpe'],
    [{ A: 5 }, 'A', 'a string', 'a number'],
    [{ 'A-B': 'x' }, 'A-B', 'a name of letters, digits and underscores', 'another name'],
  ])('%j is a problem', (variables, name, expected, got) => {
    const [problem, ...others] = problems({ variables });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ what: `zarpe.config.json: variables.${name}`, got });
    expect(problem).toHaveProperty('expected', expect.stringContaining(expected));
  });
});
