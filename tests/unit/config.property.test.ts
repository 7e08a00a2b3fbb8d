import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveEnvironment } from '../../entrypoint/config/environment.ts';
import { VARIABLE_NAMES } from '../../entrypoint/config/variables.ts';
import { BootError } from '../../entrypoint/core/errors.ts';
import { readConnected } from '../helpers/config.ts';

const URL = 'postgresql://app:secret-password@db:5432/app';
const read = (env: Record<string, string>) => readConnected(resolveEnvironment(env), '/app');

/** What `docs/configuration.md` says of each kind, written down once more: values that fit, and values that do not. */
interface Kind {
  readonly right: fc.Arbitrary<string>;
  readonly wrong: fc.Arbitrary<string>;
}

const noise = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((text) => !text.includes('\0'));
const oneOf = (...values: string[]): Kind => ({
  right: fc.constantFrom(...values),
  wrong: fc
    .oneof(
      noise,
      fc.constantFrom(...values).map((value) => value.toUpperCase()),
    )
    .filter((text) => !values.includes(text)),
});
const duration: Kind = {
  right: fc
    .tuple(fc.integer({ min: 1, max: 596 }), fc.constantFrom('ms', 's', 'm', 'h'))
    .map(([n, unit]) => `${n}${unit}`),
  wrong: fc.oneof(
    fc.constantFrom(
      'soon',
      '-1s',
      '5 parsecs',
      's',
      '1e9s',
      '10:00',
      'Infinity',
      '597h',
      '99999999999999999999d',
      'NaNs',
    ),
    noise.filter((text) => !/\d/.test(text) && text !== 'off'),
  ),
};
const port: Kind = {
  right: fc.integer({ min: 1, max: 65_535 }).map(String),
  wrong: fc.oneof(
    fc.constantFrom('0', '65536', '-1', '80a', '3000.0', '0x50', '1e3', ' 80'),
    noise.filter((text) => !/^\d+$/.test(text)),
  ),
};
const KINDS: Record<string, Kind> = {
  PORT: port,
  NODE_ENV: oneOf('production', 'development', 'test'),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
  LOG_FORMAT: oneOf('auto', 'json', 'pretty'),
  ENTRYPOINT_DB_TIMEOUT: duration,
  ENTRYPOINT_LOCK_TIMEOUT: duration,
  ENTRYPOINT_SEED_TIMEOUT: duration,
  ENTRYPOINT_SHUTDOWN_TIMEOUT: duration,
  ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: { ...duration, right: fc.oneof(duration.right, fc.constant('off')) },
  ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: { ...duration, right: fc.oneof(duration.right, fc.constant('off')) },
  ENTRYPOINT_HOLD: { ...duration, right: fc.oneof(duration.right, fc.constant('off')) },
  ENTRYPOINT_MIGRATE: oneOf('deploy', 'skip'),
  ENTRYPOINT_MIGRATE_ENGINE: oneOf('embedded', 'cli'),
  ENTRYPOINT_MIGRATE_ON_ERROR: oneOf('abort', 'continue'),
  ENTRYPOINT_MIGRATE_RETRY_FAILED: oneOf('on', 'off'),
  ENTRYPOINT_DATABASE_AHEAD: oneOf('warn', 'refuse'),
  ENTRYPOINT_SEED: oneOf('auto', 'always', 'never'),
  ENTRYPOINT_SEED_ON_ERROR: oneOf('abort', 'continue'),
  ENTRYPOINT_HANDOVER: oneOf('spawn', 'auto'),
  ENTRYPOINT_PRELOAD: oneOf('auto', 'on', 'off'),
  ENTRYPOINT_BOOT_PROBE: oneOf('on', 'off'),
};

const names = Object.keys(KINDS);
const drawValues = (kind: 'right' | 'wrong') =>
  fc.record(Object.fromEntries(names.map((name) => [name, (KINDS[name] as Kind)[kind]])), {
    requiredKeys: [],
  });
const unknownName = fc
  .stringMatching(/^ENTRYPOINT_[A-Z_]{1,12}$/)
  .filter((name) => !(VARIABLE_NAMES as string[]).includes(name.replace(/_FILE$/, '')));

function namesOfProblems(env: Record<string, string>): string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (!(error instanceof BootError)) throw error;
    expect(error.code).toBe('CONFIG_INVALID');
    return error.problems.map((problem) => ('what' in problem ? problem.what : ''));
  }
}

describe('an environment of drawn values', () => {
  test('is refused for each value that does not fit, and for no other', () => {
    const property = fc.property(
      drawValues('right'),
      drawValues('wrong'),
      fc.dictionary(unknownName, noise, { maxKeys: 2 }),
      (right, wrong, unknown) => {
        const env = { ...right, ...wrong, ...unknown, DATABASE_URL: URL } as Record<string, string>;
        const expected = [...Object.keys(wrong), ...Object.keys(unknown)];
        // Of a value in quotes both are told: the quotes, and what is wrong inside them.
        const found = [...new Set(namesOfProblems(env))];
        expect(found.toSorted()).toEqual(expected.toSorted());
      },
    );
    fc.assert(property, { numRuns: 1000 });
  });

  test('where every value fits means what was written', () => {
    const property = fc.property(drawValues('right'), (right) => {
      const env = right as Record<string, string>;
      const { build, database, migrate, seed, server } = read({ ...env, DATABASE_URL: URL });
      expect({
        engine: build.engine,
        dbTimeout: database.timeoutMs,
        lockTimeout: database.lockTimeoutMs,
        tableLock: migrate.lockTimeoutMs,
        seed: seed.mode,
        seedTimeout: seed.timeoutMs,
        port: server.port,
        shutdown: server.shutdownTimeoutMs,
        probe: server.bootProbe,
      }).toEqual({
        engine: env.ENTRYPOINT_MIGRATE === 'skip' ? 'none' : (env.ENTRYPOINT_MIGRATE_ENGINE ?? 'embedded'),
        dbTimeout: inMs(env.ENTRYPOINT_DB_TIMEOUT ?? '60s'),
        lockTimeout: inMs(env.ENTRYPOINT_LOCK_TIMEOUT ?? '5m'),
        tableLock: inMs(env.ENTRYPOINT_MIGRATE_LOCK_TIMEOUT ?? '5s'),
        seed: env.ENTRYPOINT_SEED ?? 'auto',
        seedTimeout: inMs(env.ENTRYPOINT_SEED_TIMEOUT ?? '5m'),
        port: Number(env.PORT ?? 3000),
        shutdown: inMs(env.ENTRYPOINT_SHUTDOWN_TIMEOUT ?? 'off'),
        probe: env.ENTRYPOINT_BOOT_PROBE === 'on',
      });
    });
    fc.assert(property, { numRuns: 1000 });
  });

  test('of any text at all is read or refused, and nothing else', () => {
    const anything = fc.dictionary(fc.oneof(fc.constantFrom(...VARIABLE_NAMES), unknownName), noise, {
      maxKeys: 12,
    });
    const property = fc.property(anything, (env) => {
      const problems = namesOfProblems(env);
      const lists = ['ENTRYPOINT_REQUIRE_ENV', 'ENTRYPOINT_DATABASE_URL_FROM'];
      const given = [...Object.keys(env), 'DATABASE_URL', 'DATABASE_HOST', 'DATABASE_NAME', 'DATABASE_USER'];
      for (const what of problems)
        expect(
          given.some((name) => what.includes(name)) || lists.some((list) => env[list] !== undefined),
          what,
        ).toBe(true);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function inMs(text: string): number | undefined {
  const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  return unit === undefined ? undefined : Number(amount) * (UNITS[unit] ?? Number.NaN);
}
