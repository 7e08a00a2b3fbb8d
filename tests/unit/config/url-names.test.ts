import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { collectSecrets } from '../../../entrypoint/config/collect-secrets.ts';
import { resolveEnvironment } from '../../../entrypoint/config/environment.ts';
import { examineConfig } from '../../../entrypoint/config.ts';
import { readConnected } from '../../helpers/config.ts';
import { problemsOf } from '../../helpers/problems.ts';

const POOLED = 'postgresql://app:first-secret@pooler:6543/app';
const DIRECT = 'postgresql://app:other-secret@db/app';
const PRISMA_NAMES = 'POSTGRES_PRISMA_URL,DATABASE_URL';

const read = (env: Record<string, string>, appDir = '/app') => readConnected(resolveEnvironment(env), appDir);
const hint = (env: Record<string, string>, appDir = '/app') =>
  problemsOf(() => read(env, appDir), 'CONFIG_INVALID')[0]?.hint;

function createApp(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'zarpe-names-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return dir;
}

describe('ENTRYPOINT_DATABASE_URL_FROM', () => {
  test('reads the first of its names that is set', () => {
    const env = { ENTRYPOINT_DATABASE_URL_FROM: ` ${PRISMA_NAMES.replace(',', ' , ')} ` };
    const both = read({ ...env, DATABASE_URL: DIRECT, POSTGRES_PRISMA_URL: POOLED });
    expect(both.database).toMatchObject({
      connection: { source: { url: 'POSTGRES_PRISMA_URL' }, host: 'pooler' },
    });
    const one = read({ ...env, DATABASE_URL: DIRECT, POSTGRES_PRISMA_URL: '' });
    expect(one.database).toMatchObject({ connection: { source: { url: 'DATABASE_URL' }, host: 'db' } });
  });

  test('reads no name that it does not list', () => {
    const problems = problemsOf(
      () => read({ ENTRYPOINT_DATABASE_URL_FROM: 'POSTGRES_PRISMA_URL', DATABASE_URL: POOLED }),
      'CONFIG_INVALID',
    );
    expect(problems).toMatchObject([{ what: 'POSTGRES_PRISMA_URL', got: 'nothing' }]);
    expect(problems[0]?.hint).toContain('set as DATABASE_URL: if it is the app');
  });

  test('gives the app the value under its own name, in the words of its driver, and as DATABASE_URL where that is not set', () => {
    const env = {
      ENTRYPOINT_DATABASE_URL_FROM: PRISMA_NAMES,
      POSTGRES_PRISMA_URL: `${POOLED}?sslmode=require`,
    };
    const translated = `${POOLED}?sslmode=require&uselibpqcompat=true`;
    expect(read(env).appEnv).toMatchObject({ POSTGRES_PRISMA_URL: translated, DATABASE_URL: translated });
    const { appEnv } = read({ ...env, DATABASE_URL: 'sqlite:///of-another-use' });
    expect(appEnv).toMatchObject({
      POSTGRES_PRISMA_URL: translated,
      DATABASE_URL: 'sqlite:///of-another-use',
    });
  });

  test('reads a name from the file that NAME_FILE names', () => {
    const dir = createApp({ url: `${POOLED}\n` });
    const { database, appEnv } = read({
      ENTRYPOINT_DATABASE_URL_FROM: PRISMA_NAMES,
      POSTGRES_PRISMA_URL_FILE: join(dir, 'url'),
    });
    expect(database.url).toBe(POOLED);
    expect(appEnv.POSTGRES_PRISMA_URL).toBe(POOLED);
  });

  test('names the variable of a malformed connection string, a problem of the database', () => {
    const environment = resolveEnvironment({
      ENTRYPOINT_DATABASE_URL_FROM: 'PG_URL',
      PG_URL: 'mysql://app:hidden@db/app',
    });
    const { problems } = examineConfig(environment, '/app');
    expect(problems).toMatchObject({ database: [{ what: 'PG_URL' }], others: [] });
    const unread = resolveEnvironment({ ENTRYPOINT_DATABASE_URL_FROM: 'PG_URL', PG_URL_FILE: '/nowhere' });
    expect(examineConfig(unread, '/app').problems.database.map(({ what }) => what)).toContain('PG_URL_FILE');
  });

  test('takes either one of its names or the parts', () => {
    const parts = { DATABASE_HOST: 'db', DATABASE_USER: 'app', DATABASE_NAME: 'main' };
    const [problem] = problemsOf(
      () => read({ ...parts, ENTRYPOINT_DATABASE_URL_FROM: PRISMA_NAMES, POSTGRES_PRISMA_URL: POOLED }),
      'CONFIG_INVALID',
    );
    expect(problem?.what).toBe('POSTGRES_PRISMA_URL, DATABASE_HOST, DATABASE_USER, DATABASE_NAME');
    expect(read({ ...parts, ENTRYPOINT_DATABASE_URL_FROM: PRISMA_NAMES }).appEnv).toMatchObject({
      DATABASE_URL: 'postgresql://app@db:5432/main',
      POSTGRES_PRISMA_URL: 'postgresql://app@db:5432/main',
    });
  });

  test.each(['', ' ', 'A,,B', 'A B', '1A', 'A,', 'A=B'])(
    'refuses the list %j, unless it is empty',
    (list) => {
      const { problems } = examineConfig(
        resolveEnvironment({ DATABASE_URL: POOLED, ENTRYPOINT_DATABASE_URL_FROM: list }),
        '/app',
      );
      const expected = list === '' ? [] : [{ what: 'ENTRYPOINT_DATABASE_URL_FROM', got: `\`${list}\`` }];
      expect(problems).toMatchObject({ database: [], others: expected });
    },
  );

  test('makes the password of each name secret, used or not', () => {
    const secrets = collectSecrets(
      resolveEnvironment({
        ENTRYPOINT_DATABASE_URL_FROM: PRISMA_NAMES,
        ENTRYPOINT_DIRECT_URL_FROM: 'OTHER_URL',
        POSTGRES_PRISMA_URL: POOLED,
        DATABASE_URL: DIRECT,
        OTHER_URL: 'a-token-without-a-scheme',
      }),
    );
    expect(secrets).toEqual(
      expect.arrayContaining(['first-secret', 'other-secret', 'a-token-without-a-scheme']),
    );
    expect(secrets).not.toContain(POOLED);
  });
});

describe('ENTRYPOINT_DIRECT_URL_FROM', () => {
  test('reads the first of its names that is set, for everything except the server', () => {
    const { database, appEnv } = read({
      DATABASE_URL: POOLED,
      ENTRYPOINT_DIRECT_URL_FROM: 'DIRECT_URL,DATABASE_URL_UNPOOLED',
      DATABASE_URL_UNPOOLED: DIRECT,
    });
    expect(database).toMatchObject({
      url: DIRECT,
      connection: { source: { url: 'DATABASE_URL_UNPOOLED', direct: 'DATABASE_URL_UNPOOLED' } },
      serverConnection: { source: { url: 'DATABASE_URL', direct: 'DATABASE_URL_UNPOOLED' } },
    });
    expect(appEnv).toMatchObject({ DATABASE_URL: POOLED, DATABASE_URL_UNPOOLED: DIRECT });
    expect(appEnv).not.toHaveProperty('DIRECT_URL');
  });
});

test.each(['valueOf', '__proto__', 'constructor'])(
  'the name %s is that of a variable like any other',
  (name) => {
    const lists = { ENTRYPOINT_DATABASE_URL_FROM: `${name},DATABASE_URL`, ENTRYPOINT_DIRECT_URL_FROM: name };
    expect(read({ ...lists, DATABASE_URL: POOLED })).toMatchObject({ database: { url: POOLED } });
  },
);

describe('a direct connection that is set and not used', () => {
  const notices = (env: Record<string, string>) =>
    resolveEnvironment({ DATABASE_URL: POOLED, ...env }).notices;

  test.each([
    'DIRECT_DATABASE_URL',
    'MIGRATE_DATABASE_URL',
    'DATABASE_URL_UNPOOLED',
    'POSTGRES_URL_NON_POOLING',
  ])('is reported as %s, with the setting that uses it', (name) => {
    const expected = expect.stringContaining(`${name} is set and not used`);
    expect(notices({ [name]: DIRECT })).toEqual([expected]);
    expect(notices({ [`${name}_FILE`]: '/run/secrets/url' })).toEqual([expected]);
    expect(notices({ [name]: DIRECT, ENTRYPOINT_DIRECT_URL_FROM: name })).toEqual([]);
    expect(notices({ [name]: DIRECT, DIRECT_URL: DIRECT })).toEqual([]);
    expect(notices({ [name]: DIRECT, ENTRYPOINT_DIRECT_URL_FROM: 'DIRECT_URL' })).toEqual([]);
    expect(notices({ [name]: DIRECT, ENTRYPOINT_DATABASE_URL_FROM: name })).toEqual([]);
    expect(notices({ [name]: POOLED })).toEqual([]);
  });

  test('is reported as DIRECT_URL if the list does not name it', () => {
    expect(notices({ DIRECT_URL: DIRECT, ENTRYPOINT_DIRECT_URL_FROM: 'OTHER' })).toHaveLength(1);
  });
});

describe('without a connection string, the message', () => {
  const schema = (lines: string) => ({
    'prisma/schema.prisma': `datasource db {\n  provider = "postgresql"\n${lines}\n}\n`,
  });
  const config = (datasource: string) => `import { env } from 'prisma/config';
// url: env('A_COMMENT')
export default defineConfig({ schema: 'prisma', /* url: env('ANOTHER') */ datasource: { ${datasource} } });\n`;

  test.each([
    [
      schema('  url = env("POSTGRES_PRISMA_URL")'),
      'prisma/schema.prisma reads POSTGRES_PRISMA_URL: set it, and ENTRYPOINT_DATABASE_URL_FROM=POSTGRES_PRISMA_URL.',
    ],
    [
      schema('  url       = env("PG_URL")\n  directUrl = env("PG_DIRECT")'),
      'prisma/schema.prisma reads PG_URL: set it, and ENTRYPOINT_DATABASE_URL_FROM=PG_URL, and ENTRYPOINT_DIRECT_URL_FROM=PG_DIRECT.',
    ],
    [{ 'prisma.config.ts': config("url: env('PG_URL')") }, 'prisma.config.ts reads PG_URL: set it'],
    [{ 'prisma.config.mjs': config('url: process.env.PG_URL!') }, 'prisma.config.mjs reads PG_URL: set it'],
    [
      { '.config/prisma.ts': config("shadowDatabaseUrl: env('X'), url: process.env['PG_URL']") },
      '.config/prisma.ts reads PG_URL',
    ],
  ])('names the variable that the app reads (%#)', (files, expected) => {
    expect(hint({}, createApp(files))).toContain(expected);
  });

  test('says of a variable that the app reads that it is set', () => {
    const dir = createApp(schema('  url = env("PG_URL")'));
    const expected =
      'prisma/schema.prisma reads PG_URL, which is set: set ENTRYPOINT_DATABASE_URL_FROM=PG_URL.';
    expect(hint({ PG_URL: DIRECT }, dir)).toContain(expected);
    expect(hint({ PG_URL_FILE: '/run/secrets/url' }, dir)).toContain(expected);
  });

  test('adds nothing where the app reads what is asked for, or a configuration cannot be read as text', () => {
    const plain = 'Set DATABASE_URL, or DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME.';
    for (const files of [
      schema('  url = env("DATABASE_URL")'),
      { 'prisma.config.ts': config("url: env('DIRECT_URL')") },
      { 'prisma.config.ts': config('url: makeUrl()') },
      schema('  url = "postgresql://app:hidden@db/app"'),
    ]) {
      expect(hint({}, createApp(files))).toBe(plain);
    }
  });

  test('names a variable that holds a connection string, whatever its name, and never the value', () => {
    const found = hint({ STORAGE_PG: DIRECT, CACHE: 'redis://cache' });
    expect(found).toContain('A connection string is set as STORAGE_PG');
    expect(found).not.toContain('other-secret');
  });
});

describe('the parts of a connection', () => {
  const parts = { DATABASE_HOST: 'db', DATABASE_NAME: 'main' };

  test('may have the names DATABASE_USERNAME and DATABASE_ARGS', () => {
    const env = { ...parts, DATABASE_USERNAME: 'app', DATABASE_ARGS: 'schema=shop' };
    expect(read(env).appEnv.DATABASE_URL).toBe('postgresql://app@db:5432/main?schema=shop');
    expect(() => read({ ...env, DATABASE_USER: 'app', DATABASE_PARAMS: 'schema=shop' })).not.toThrow();
  });

  test.each([
    ['DATABASE_USER', 'DATABASE_USERNAME'],
    ['DATABASE_PARAMS', 'DATABASE_ARGS'],
  ])('are refused with a %s that is not the %s', (name, alias) => {
    const env = { ...parts, DATABASE_USERNAME: 'app', [name]: 'schema=a', [alias]: 'schema=b' };
    expect(problemsOf(() => read(env), 'CONFIG_INVALID')).toMatchObject([
      { what: `${name}, ${alias}`, got: 'both, with different values' },
    ]);
  });
});
