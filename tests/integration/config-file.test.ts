import { describe, expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone, type StandaloneOptions } from '../helpers/standalone.ts';

const withFile = (json: object | string, options: StandaloneOptions = {}) =>
  createStandalone({
    ...options,
    files: {
      ...options.files,
      'zarpe.config.json': typeof json === 'string' ? json : JSON.stringify(json),
    },
  });

describe('zarpe.config.json', () => {
  test('configures a boot, log and seed included, and the environment wins', async () => {
    const seed = `console.log('seeding', process.env.GREETING, process.env.DB_PORT, process.env.COPY === process.env.DATABASE_URL);`;
    const { dir } = await withFile(
      {
        logLevel: 'warn',
        seedCommand: ['node', 'my seed.js'],
        seed: 'never',
        seedTimeout: '20s',
        variables: { GREETING: 'hello ${NAME:-world}', DB_PORT: '${DATABASE_PORT}', COPY: '${DATABASE_URL}' },
      },
      { server: 'crashing', packageType: 'none', files: { 'my seed.js': seed } },
    );
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_SEED: 'always', FIXTURE_EXIT_CODE: '0' };
    const quiet = await runBundle({ dir, env });
    expect(quiet.code).toBe(0);
    expect(quiet.logs.filter(({ level }) => level === 'info')).toEqual([]);
    const loud = await runBundle({ dir, env: { ...env, LOG_LEVEL: 'info', NAME: 'you' } });
    expect(loud.logs.filter(({ event }) => event === 'output').map(({ msg }) => msg)).toEqual([
      'seeding hello you 5432 true',
    ]);
  });

  test('that is malformed ends the boot with 78, with the problems of the environment', async () => {
    const { dir } = await withFile('{\n  "port": 3000,\n}');
    const { code, logs } = await runBundle({ dir, env: { ENTRYPOINT_SEED: 'sometimes' } });
    expect(code).toBe(78);
    expect(logs[0]?.error?.problems).toMatchObject([
      { what: 'DATABASE_URL' },
      { what: 'zarpe.config.json, line 3, column 1' },
      { what: 'ENTRYPOINT_SEED' },
    ]);
  });

  test('is what explain names as the source of a value, which it does not print', async () => {
    const { dir } = await withFile({ seedTable: 'accounts', lockTimeout: '1m' });
    const env = {
      ENTRYPOINT_LOCK_TIMEOUT: '2m',
      DATABASE_URL: 'postgresql://app:not-to-be-printed@db/app',
      DATABASE_PORT: 'tcp://10.96.0.12:5432',
    };
    const { stdout } = await runBundle({ dir, args: ['explain', '--json'], env });
    const sources = Object.fromEntries(
      JSON.parse(stdout).variables.map(({ name, source }: { name: string; source: string | null }) => [
        name,
        source,
      ]),
    );
    expect(sources).toMatchObject({
      ENTRYPOINT_SEED_TABLE: 'zarpe.config.json',
      ENTRYPOINT_LOCK_TIMEOUT: 'environment',
      DATABASE_PORT: 'default',
      ENTRYPOINT_DB_TIMEOUT: 'default',
      ENTRYPOINT_SEED_COMMAND: null,
    });
    const text = await runBundle({ dir, args: ['explain'], env });
    expect(text.stdout).toContain('ENTRYPOINT_SEED_TABLE (seedTable)');
    expect(text.stdout).toContain('Set by: zarpe.config.json');
    expect(stdout + text.stdout).not.toMatch(/not-to-be-printed|accounts/);
  });

  test.each<[string, Record<string, string>]>([
    ['double with each reference', Object.fromEntries(range(31, (at) => `\${V${at + 1}}\${V${at + 1}}`))],
    ['refer to one another in a long chain', Object.fromEntries(range(3000, (at) => `\${V${at + 1}}`))],
    ['nest deeply', { A: `${'${X:-'.repeat(9000)}${'}'.repeat(9000)}` }],
  ])('whose variables %s ends the boot with 78', async (_, variables) => {
    const { dir } = await withFile({ variables: { ...variables, V31: 'x', V3000: 'x' } });
    const { code, logs } = await runBundle({ dir, env: { ENTRYPOINT_DATABASE: 'off' } });
    expect(code).toBe(78);
    expect(logs[0]?.error?.code).toBe('CONFIG_INVALID');
  });
});

function range(length: number, text: (at: number) => string): [string, string][] {
  return Array.from({ length }, (_, at) => [`V${at}`, text(at)]);
}
