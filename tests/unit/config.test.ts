import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readEarlySettings } from '../../entrypoint/config/early-settings.ts';
import { resolveEnvironment } from '../../entrypoint/config/environment.ts';
import { VARIABLE_NAMES, VARIABLES, type Variable } from '../../entrypoint/config/variables.ts';
import { readConnected } from '../helpers/config.ts';
import { problemsOf } from '../helpers/problems.ts';

const URL = 'postgresql://app:secret-password@db:5432/app';
const read = (env: Record<string, string>) => readConnected(resolveEnvironment(env), '/app');
const problems = (env: Record<string, string>) => problemsOf(() => read(env), 'CONFIG_INVALID');
const named = (env: Record<string, string>) => problems(env).map(({ what }) => what);

describe('readConfig', () => {
  test('needs nothing but a connection string', () => {
    expect(read({ DATABASE_URL: URL })).toMatchObject({
      appDir: '/app',
      build: {
        server: { file: 'server.js' },
        prismaDir: 'prisma',
        migrationsDir: undefined,
        engine: 'embedded',
      },
      database: {
        connection: { source: { url: 'DATABASE_URL' }, host: 'db', port: 5432, user: 'app', database: 'app' },
        url: URL,
        timeoutMs: 60_000,
        lockTimeoutMs: 300_000,
      },
      migrate: { mode: 'deploy', onError: 'abort', whenAhead: 'warn' },
      seed: { mode: 'auto', table: undefined, command: undefined, onError: 'abort' },
      server: {
        port: 3000,
        hostname: '0.0.0.0',
        listens: true,
        shutdownTimeoutMs: undefined,
        bootProbe: false,
      },
    });
  });

  test('names every problem of an environment in which every variable is wrong', () => {
    const wrong: Record<string, string> = {};
    for (const name of VARIABLE_NAMES) {
      const { schema }: Variable = VARIABLES[name];
      if (!schema().safeParse('\n').success) wrong[name] = '\n';
    }
    const found = named({
      ...wrong,
      DATABASE_URL: 'mysql://db/app',
      DIRECT_URL: 'no',
      ENTRYPOINT_SEEDS: 'x',
    });
    expect(found.toSorted()).toEqual(
      [...Object.keys(wrong), 'DATABASE_URL', 'DIRECT_URL', 'ENTRYPOINT_SEEDS'].toSorted(),
    );
    expect(Object.keys(wrong).length).toBeGreaterThan(20);
  });

  test('asks for a connection string where there is no environment at all', () => {
    const [problem, ...others] = problems({});
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ what: 'DATABASE_URL', got: 'nothing' });
  });

  test.each(VARIABLE_NAMES)('takes an empty %s for an unset one', (name) => {
    const config = read({ DATABASE_URL: URL, ...(name !== 'DATABASE_URL' && { [name]: '' }) });
    const unset = read({ DATABASE_URL: URL });
    expect({ ...config, appEnv: {} }).toEqual({ ...unset, appEnv: {} });
  });

  test('reads every duration in milliseconds', () => {
    const config = read({
      DATABASE_URL: URL,
      ENTRYPOINT_DB_TIMEOUT: '500ms',
      ENTRYPOINT_LOCK_TIMEOUT: '2m',
      ENTRYPOINT_SEED_TIMEOUT: '1h',
      ENTRYPOINT_SHUTDOWN_TIMEOUT: '30s',
      ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: 'off',
      ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: '10s',
    });
    expect(config.database).toMatchObject({ timeoutMs: 500, lockTimeoutMs: 120_000 });
    expect(config.seed.timeoutMs).toBe(3_600_000);
    expect(config.server.shutdownTimeoutMs).toBe(30_000);
    expect(config.migrate).toMatchObject({ lockTimeoutMs: undefined, statementTimeoutMs: 10_000 });
  });

  test('says what was expected of a malformed value, what came, and what to do', () => {
    expect(problems({ DATABASE_URL: URL, ENTRYPOINT_DB_TIMEOUT: 'soon' })).toEqual([
      {
        what: 'ENTRYPOINT_DB_TIMEOUT',
        expected: 'a duration such as 500ms, 30s or 2m (596h at most)',
        got: '`soon`',
        hint: 'Fix it, or remove it to use the default (60s).',
      },
    ]);
  });

  test.each(['0', '65536', '-1', '80a', '3000 ', '1e3'])('refuses the port %j', (port) => {
    expect(named({ DATABASE_URL: URL, PORT: port })).toEqual(['PORT']);
  });

  test.each([
    ['ENTRYPOINT_DB_TIMEOT', 'ENTRYPOINT_DB_TIMEOUT'],
    ['ENTRYPOINT_MIGRATION', 'ENTRYPOINT_MIGRATE'],
    ['ENTRYPOINT_SEED_CMD', 'ENTRYPOINT_SEED'],
  ])('names the nearest right one for %s', (misspelt, right) => {
    const [problem] = problems({ DATABASE_URL: URL, [misspelt]: 'x' });
    expect(problem).toMatchObject({ what: misspelt });
    expect(problem?.hint).toContain(right);
  });

  test('does not guess at a name that is near to none', () => {
    const [problem] = problems({ DATABASE_URL: URL, ENTRYPOINT_QQQQQQQQQQQQQQQQ: 'x' });
    expect(problem?.hint).toContain('explain');
  });

  test.each([
    ['DATABASE_URL', `"${URL}"`],
    ['DATABASE_URL', `'${URL}'`],
    ['PORT', '"3000"'],
    ['LOG_FORMAT', "'json'"],
    ['ENTRYPOINT_SEED_COMMAND', '"node seed.js"'],
    ['ENTRYPOINT_REQUIRE_ENV', '"JWT_SECRET:8"'],
    ['JWT_SECRET', '"long-enough-to-be-one"'],
  ])('names the quotes around %s=%s, and reads what they hold', (name, value) => {
    const env = {
      DATABASE_URL: URL,
      ENTRYPOINT_REQUIRE_ENV: 'JWT_SECRET:8',
      JWT_SECRET: 'long-enough-to-be-one',
    };
    const [problem, ...others] = problems({ ...env, [name]: value });
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ what: name, expected: 'a value without surrounding quotes' });
    expect(problem?.got).toMatch(value.startsWith('"') ? 'double' : 'single');
    expect(problem?.hint).toMatch(new RegExp(`docker run --env-file.* ${name}_FILE\\.`));
    expect(JSON.stringify(problem)).not.toContain(value.slice(1, -1));
  });

  test('finds what else is wrong with a value in quotes', () => {
    expect(named({ DATABASE_URL: URL, ENTRYPOINT_SEED: '"sometimes"' })).toEqual([
      'ENTRYPOINT_SEED',
      'ENTRYPOINT_SEED',
    ]);
  });

  test.each([
    ['ENTRYPOINT_SEED_COMMAND', '"/app/my seed" "a table"'],
    ['DATABASE_PARAMS', 'options="a"'],
    ['GREETING', '"hello"'],
  ])('takes %s=%s for what it is', (name, value) => {
    const env = { DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'main', [name]: value };
    expect(read(env).appEnv[name]).toBe(value);
  });

  test('takes what Kubernetes sets for services named database and entrypoint for variables of others', () => {
    const links = (name: string) => ({
      [`${name}_SERVICE_HOST`]: '10.96.0.12',
      [`${name}_SERVICE_PORT`]: '5432',
      [`${name}_SERVICE_PORT_POSTGRES`]: '5432',
      [`${name}_PORT`]: 'tcp://10.96.0.12:5432',
      [`${name}_PORT_5432_TCP`]: 'tcp://10.96.0.12:5432',
      [`${name}_PORT_5432_TCP_PROTO`]: 'tcp',
      [`${name}_PORT_5432_TCP_PORT`]: '5432',
      [`${name}_PORT_5432_TCP_ADDR`]: '10.96.0.12',
    });
    const env = { ...links('DATABASE'), ...links('ENTRYPOINT'), ...links('ENTRYPOINT_WEB') };
    expect(read({ DATABASE_URL: URL, ...env }).appEnv).toMatchObject(env);
    const parts = { DATABASE_HOST: 'database', DATABASE_USER: 'app', DATABASE_NAME: 'main' };
    expect(read({ ...parts, ...env }).database.connection.port).toBe(5432);
    expect(named({ DATABASE_URL: URL, ...env, ENTRYPOINT_PORT: '3000' })).toEqual(['ENTRYPOINT_PORT']);
  });

  test('does not look for the folder of the app in a file', () => {
    const dir = mkdtempSync(join(tmpdir(), 'zarpe-folder-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'folder'), '/srv/app');
    const env = { DATABASE_URL: URL, ENTRYPOINT_APP_DIR_FILE: join(dir, 'folder') };
    expect(problems(env)).toMatchObject([{ what: 'ENTRYPOINT_APP_DIR_FILE' }]);
  });

  test('leaves variables of others alone', () => {
    const env = { DATABASE_URL: URL, MY_ENTRYPOINT_X: '1', DATABASE_SOMETHING: '2', PORTS: '3' };
    expect(read(env).appEnv).toMatchObject(env);
  });
});

test('a line break at the end of a connection string is not handed on', () => {
  expect(read({ DATABASE_URL: `${URL}?schema=a\r\n` }).database.url).toBe(`${URL}?schema=a`);
});

describe('PGSSLMODE', () => {
  test.each([
    ['require', 'require'],
    ['no-verify', 'require'],
    ['verify-ca', 'verify-ca'],
    ['verify-full', 'verify-full'],
  ])(
    'is not overridden by a weaker default: %s beside a connection string without sslmode is a problem',
    (PGSSLMODE, mode) => {
      const hint = expect.stringMatching(`^Add sslmode=${mode} to .* Or remove PGSSLMODE`);
      const refused = { what: 'DATABASE_URL', got: 'none', hint };
      expect(problems({ DATABASE_URL: URL, PGSSLMODE })).toMatchObject([refused]);
      const direct = { DATABASE_URL: `${URL}?sslmode=disable`, DIRECT_URL: URL };
      expect(problems({ ...direct, PGSSLMODE })).toMatchObject([{ ...refused, what: 'DIRECT_URL' }]);
    },
  );

  test.each([
    [URL, 'prefer'],
    [URL, 'disable'],
    [URL, ''],
    [`${URL}?sslmode=prefer`, 'verify-full'],
    [`${URL}?schema=a&sslmode=require`, 'verify-full'],
    [`${URL}?sslaccept=strict`, 'verify-full'],
    [`${URL}?host=/run/postgresql`, 'verify-full'],
  ])(
    'is of no account where the connection string decides, or it asks for nothing: %s with %s',
    (url, mode) => {
      expect(read({ DATABASE_URL: url, PGSSLMODE: mode }).database.url).toBe(url);
    },
  );
});

describe('the address to bind to', () => {
  test('is every one where HOSTNAME is the name of the machine, as containers set it', () => {
    expect(read({ DATABASE_URL: URL, HOSTNAME: hostname() }).server.hostname).toBe('0.0.0.0');
    expect(read({ DATABASE_URL: URL, HOSTNAME: hostname() }).appEnv.HOSTNAME).toBe('0.0.0.0');
  });

  test('is HOSTNAME where that was set on purpose', () => {
    for (const address of ['127.0.0.1', '::', 'localhost']) {
      expect(read({ DATABASE_URL: URL, HOSTNAME: address }).appEnv.HOSTNAME).toBe(address);
    }
  });
});

describe('the parts of the connection', () => {
  const parts = { DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'main' };

  test('make a connection string for the server', () => {
    const { appEnv, database } = read({ ...parts, DATABASE_PASSWORD: 'p@ss', DATABASE_PARAMS: 'schema=app' });
    expect(appEnv.DATABASE_URL).toBe('postgresql://app:p%40ss@db:5432/main?schema=app');
    expect(database.connection).toMatchObject({ password: 'p@ss', schema: 'app', port: 5432 });
  });

  test('need no password', () => {
    expect(read(parts).appEnv.DATABASE_URL).toBe('postgresql://app@db:5432/main');
  });

  test('that are missing are named together', () => {
    expect(problems({ DATABASE_USER: 'app' })).toMatchObject([
      { what: 'DATABASE_HOST, DATABASE_NAME', hint: 'Set DATABASE_HOST and DATABASE_NAME.' },
    ]);
    expect(problems({ DATABASE_PASSWORD: 'a password alone' })).toMatchObject([
      { what: 'DATABASE_HOST, DATABASE_USER, DATABASE_NAME' },
    ]);
  });

  test('cannot stand beside a connection string', () => {
    expect(problems({ ...parts, DATABASE_URL: URL })).toMatchObject([
      { what: 'DATABASE_URL, DATABASE_HOST, DATABASE_USER, DATABASE_NAME', got: 'both' },
    ]);
  });

  test.each([
    ['db:5433', 'a host with a port', 'Set the port in DATABASE_PORT.'],
    ['postgres://db', 'a URL', 'Set DATABASE_URL instead, or only the host name here.'],
    ['a,b', 'several hosts', 'Name only the primary: Zarpe writes to it.'],
    ['db/app', 'a value with a character that no host name has', 'Write only the host name.'],
    ['fe80::1%eth0', 'a value with a character that no host name has', 'Write only the host name.'],
  ])('with DATABASE_HOST=%s are refused: only a host belongs there', (host, got, hint) => {
    expect(problems({ ...parts, DATABASE_HOST: host })).toMatchObject([{ what: 'DATABASE_HOST', got, hint }]);
  });

  test.each(['db', '10.0.0.1', '::1', '[::1]', '/var/run/postgresql', 'db.internal', 'my_db'])(
    'accept DATABASE_HOST=%s',
    (host) => {
      expect(read({ ...parts, DATABASE_HOST: host }).database.connection.host).toBe(
        host.replace(/[[\]]/g, ''),
      );
    },
  );

  test('name the variable of the parameters where one is malformed', () => {
    expect(problems({ ...parts, DATABASE_ARGS: 'sslmode=maybe' })).toMatchObject([{ what: 'DATABASE_ARGS' }]);
  });

  test('are named as they were set, other names and files included', () => {
    const dir = mkdtempSync(join(tmpdir(), 'zarpe-parts-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const file = join(dir, 'password');
    writeFileSync(file, 'a password of a file');
    const env = { DATABASE_HOST: 'db', DATABASE_USERNAME: 'app', DATABASE_NAME: 'main' };
    const named = { ...env, DATABASE_PASSWORD_FILE: file, ENTRYPOINT_DIRECT_URL_FROM: 'UNPOOLED,OTHER' };
    expect(read(named).database.connection.source).toEqual({
      url: 'DATABASE_HOST',
      host: 'DATABASE_HOST',
      port: 'DATABASE_PORT',
      user: 'DATABASE_USERNAME',
      password: 'DATABASE_PASSWORD_FILE',
      params: 'DATABASE_PARAMS',
      direct: 'UNPOOLED',
    });
  });

  test('are never ignored: parameters alone beside a connection string are refused too', () => {
    expect(problems({ DATABASE_URL: URL, DATABASE_PARAMS: 'sslmode=verify-full' })).toMatchObject([
      { what: 'DATABASE_URL, DATABASE_PARAMS', got: 'both' },
    ]);
  });

  test('that are malformed are reported with the rest', () => {
    expect(named({ ...parts, DATABASE_PORT: 'x', ENTRYPOINT_SEED: 'maybe' })).toEqual([
      'DATABASE_PORT',
      'ENTRYPOINT_SEED',
    ]);
  });
});

describe('DIRECT_URL', () => {
  const direct = 'postgresql://owner:other-password@primary/app';

  test('is the connection of everything but the server', () => {
    const config = read({ DATABASE_URL: URL, DIRECT_URL: direct });
    expect(config.database.connection).toMatchObject({
      source: { url: 'DIRECT_URL', direct: 'DIRECT_URL' },
      host: 'primary',
      user: 'owner',
    });
    expect(config.database.url).toBe(direct);
    expect(config.appEnv.DATABASE_URL).toBe(URL);
  });

  test('does not stand in for DATABASE_URL', () => {
    expect(named({ DIRECT_URL: direct })).toEqual(['DATABASE_URL']);
  });
});

describe('the environment of the server', () => {
  const decided = { DATABASE_URL: URL, PORT: '3000', HOSTNAME: '0.0.0.0', NODE_ENV: 'production' };

  test('is the given one, with what Zarpe decided', () => {
    const given = { SOMETHING: 'else', EMPTY: '', DIRECT_URL: '', SSL_CERT_FILE: '/run/secrets/bundle.pem' };
    expect(read({ DATABASE_URL: URL, ...given }).appEnv).toEqual({ ...given, ...decided });
  });

  test('keeps the parts of the connection beside the connection string they make', () => {
    const parts = { DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'main', DATABASE_URL: '' };
    const DATABASE_URL = 'postgresql://app@db:5432/main';
    expect(read(parts).appEnv).toEqual({ ...parts, ...decided, DATABASE_URL });
  });

  test('does not hold the address of the alerts', () => {
    const address = { ENTRYPOINT_ALERT_WEBHOOK: 'https://hooks.example.org/a' };
    expect(read({ DATABASE_URL: URL, ...address }).appEnv).toEqual(decided);
  });

  test.each([
    ['', ''],
    ['schema=a%20b&sslmode=disable', 'schema=a%20b&sslmode=disable'],
    ['sslmode=require', 'sslmode=require&uselibpqcompat=true'],
    ['sslmode=require&schema=a%20b', 'sslmode=require&schema=a%20b&uselibpqcompat=true'],
    ['sslmode=verify-full', 'sslmode=verify-full'],
    ['sslmode=verify-full&sslrootcert=system', 'sslmode=verify-full'],
    ['sslmode=verify-full&sslrootcert=/ca.pem', 'sslmode=verify-full&sslrootcert=/ca.pem'],
    ['sslmode=require&sslaccept=strict', 'sslaccept=strict&sslmode=verify-full'],
    [
      'sslaccept=strict&sslcert=ca.pem',
      'sslaccept=strict&sslcert=ca.pem&sslmode=verify-full&sslrootcert=%2Fapp%2Fca.pem',
    ],
    ['sslmode=require&sslrootcert=/ca.pem', 'sslrootcert=/ca.pem&sslmode=verify-ca&uselibpqcompat=true'],
    ['sslmode=require&host=/run/postgresql', 'host=/run/postgresql&sslmode=disable'],
    ['host=/run/postgresql', 'host=/run/postgresql'],
  ])('has connection strings that mean to node-postgres what "%s" means: "%s"', (given, handedOn) => {
    const url = (parameters: string) => (parameters === '' ? URL : `${URL}?${parameters}`);
    expect(read({ DATABASE_URL: url(given) }).appEnv.DATABASE_URL).toBe(url(handedOn));
    expect(read({ DATABASE_URL: URL, DIRECT_URL: url(given) }).appEnv.DIRECT_URL).toBe(url(handedOn));
  });
});

describe('readEarlySettings', () => {
  test('works where the rest of the environment is wrong', () => {
    const environment = resolveEnvironment({
      PORT: 'x',
      LOG_LEVEL: 'loud',
      LOG_FORMAT: 'json',
      NO_COLOR: '1',
    });
    expect(readEarlySettings(environment)).toMatchObject({
      level: 'info',
      format: 'json',
      color: false,
      port: 3000,
    });
  });
});
