/**
 * Random input against the real bundle. Each test draws all its cases first and runs them in a bounded number of
 * processes; `ZARPE_TEST_SEED` repeats them, and each failure names it and the case.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildDatabaseUrl } from '../../entrypoint/config/build-database-url.ts';
import { sourceOfUrl } from '../../entrypoint/config/connection-source.ts';
import { parseDatabaseUrl } from '../../entrypoint/config/database-url.ts';
import { resolveEnvironment } from '../../entrypoint/config/environment.ts';
import { VARIABLE_NAMES } from '../../entrypoint/config/variables.ts';
import { readConfig } from '../../entrypoint/config.ts';
import { EXIT_STATUS } from '../../entrypoint/core/errors.ts';
import { checksum } from '../../entrypoint/migrations/checksum.ts';
import { parseScript } from '../../entrypoint/migrations/script/script.ts';
import { runBundle } from '../helpers/bundle.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { closedPort } from '../helpers/ports.ts';
import { createSecret } from '../helpers/secrets.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { printSeedOnFailure, SEED } from './helpers/random.ts';
import { report } from './helpers/results.ts';

const TABLE = Object.values(EXIT_STATUS).map(({ status }) => status as number);
const { configuration, internal, migration } = EXIT_STATUS;

const draw = <Value>(arbitrary: fc.Arbitrary<Value>, numRuns: number): Value[] =>
  fc.sample(arbitrary, { seed: SEED, numRuns });

/** Half of a surrogate pair has no UTF-8. */
const isWellFormed = (text: string) => !/\p{Surrogate}/u.test(text);

type Run = Awaited<ReturnType<typeof runBundle>>;

/** What holds of each run, whatever it was given; `runBundle` has looked for secrets. */
function expectWellBehaved({ code, signal, stdout, stderr }: Run, given: unknown): void {
  const about = JSON.stringify(given);
  expect(signal, about).toBeNull();
  expect(TABLE, about).toContain(code);
  expect(code, `${about}\n${stdout}`).not.toBe(internal.status);
  expect(`${stdout}\n${stderr}`, about).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
}

describe('an environment of random values', () => {
  const CASES = 12;
  const word = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({ unit: 'grapheme', maxLength: 10 }),
    fc.constantFrom(
      '',
      ' ',
      'on',
      'off',
      'auto',
      '1',
      '-1',
      '0s',
      '5m',
      '99999999999999999999d',
      'NaN',
      '/',
      '../..',
      '%',
      '{}',
    ),
  );
  const name = fc.oneof(
    fc.constantFrom(
      ...VARIABLE_NAMES.filter(
        (known) => !/^(?:PORT|DATABASE_PORT|ENTRYPOINT_DB_TIMEOUT|ENTRYPOINT_TERMINATION_LOG)$/.test(known),
      ),
    ),
    fc.stringMatching(/^ENTRYPOINT_[A-Z_]{1,12}$/),
  );
  // The system takes no NUL in an environment.
  const environment = fc.dictionary(
    name,
    word.map((text) => text.replaceAll('\0', '')),
    { minKeys: 1, maxKeys: 8 },
  );

  /** As `tests/unit/config.property.test.ts` knows it, for thousands of environments in one process. */
  function isRefused(env: Record<string, string | undefined>): boolean {
    try {
      readConfig(resolveEnvironment(env), '/app');
      return false;
    } catch {
      return true;
    }
  }

  test('is refused by a process as it is in process, and ends with a code of the table, without a stack', async () => {
    printSeedOnFailure();
    const app = await createStandalone();
    const password = createSecret('the password of a role');
    const url = `postgresql://app:${encodeURIComponent(password)}@127.0.0.1:${await closedPort()}/app`;
    for (const [index, drawn] of draw(environment, CASES).entries()) {
      const env = {
        DATABASE_URL: url,
        ...drawn,
        ENTRYPOINT_DB_TIMEOUT: '100ms',
        ENTRYPOINT_HOLD: drawn.ENTRYPOINT_HOLD === undefined ? 'off' : 'x',
        ENTRYPOINT_ALERT_WEBHOOK: undefined,
      };
      const args = [['start'], ['check'], ['status', '--json'], ['wait']][index % 4];
      const run = await runBundle({ dir: app.dir, env, args: args ?? [] });
      expectWellBehaved(run, { drawn, args });
      expect(run.code === configuration.status, run.stdout).toBe(isRefused(env));
      expect(run.code, 'no database is there').not.toBe(0);
    }
    report('fuzz', 'random environments', { tried: CASES, manual: 0 });
  });
});

describe('a connection string of random parts', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter(isWellFormed);
  // As a path of a URL these are steps through folders, percent-encoded or not.
  const DOTS = ['.', '..'];
  const database = text.filter((name) => !DOTS.includes(name));
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('/var/run/postgresql', '/tmp/a b%c'),
  );

  test('is read back as it was written, also when it is built again from what was read', () => {
    const property = fc.property(
      host,
      fc.integer({ min: 1, max: 65_535 }),
      text,
      text,
      database,
      (...drawn) => {
        const [address, port, user, password, name] = drawn;
        const build = (parts: {
          host: string;
          port: number;
          user: string;
          password: string | undefined;
          database: string;
        }) =>
          buildDatabaseUrl({
            ...parts,
            port: String(parts.port),
            name: parts.database,
            params: 'schema=app',
          });
        const url = build({ host: address, port, user, password, database: name });
        const first = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app');
        if ('problem' in first) throw new Error(JSON.stringify(first.problem));
        expect(first.value).toMatchObject({ port, user, password, database: name, schema: 'app' });
        const second = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), build(first.value), '/app');
        expect(second).toEqual(first);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: 2000 });
  });

  test.each(DOTS)('is refused where no URL can hold the name of the database: %s', (name) => {
    const url = buildDatabaseUrl({
      host: 'db',
      port: '5432',
      user: 'app',
      password: 'p',
      name,
      params: undefined,
    });
    expect(parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app')).toMatchObject({
      problem: { expected: 'a database name after the host' },
    });
  });

  test('that is no connection string at all is a problem that repeats nothing of it', () => {
    const secret = 'fUzz-s3cr3t';
    const noise = fc.string({ unit: 'grapheme', maxLength: 20 });
    const RUNS = 2000;
    let refused = 0;
    const property = fc.property(
      fc.constantFrom('postgres://', 'postgresql://', 'mysql://', ''),
      noise,
      noise,
      (scheme, before, after) => {
        const url = `${scheme}app:${before}${secret}${after}@db:x/${after}`;
        const parsed = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app');
        if (!('problem' in parsed)) return;
        refused += 1;
        expect(JSON.stringify(parsed.problem)).not.toContain(secret);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: RUNS });
    expect(refused, 'a drawn @ and / can make one of it, seldom').toBeGreaterThan(0.9 * RUNS);
  });
});

describe('migration folders with odd names', () => {
  const ODD = [
    '0001 with spaces',
    '0002_ñandú_数据_🚢',
    `0003_'quoted' "twice"`,
    '0004_x.sql',
    '0004_x copy',
    '10',
    '9',
    'Z',
    'a',
    'é',
    '\\',
    '%s',
    '$$',
    '--',
    ';',
    `${'l'.repeat(249)}`,
  ];
  const drawnName = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((name) => name.replaceAll(/[/\0]/g, '_'))
    .filter((name) => isWellFormed(name) && !/^\.{1,2}$/.test(name) && name.trim() !== '');

  test('apply in bytewise order, each once', async () => {
    printSeedOnFailure();
    const names = [...new Set([...ODD, ...draw(drawnName, 15)])];
    const app = await createStandalone({
      migrations: Object.fromEntries(
        names.map((name, index) => [
          name,
          `CREATE TABLE IF NOT EXISTS steps (n serial, id int); INSERT INTO steps (id) VALUES (${index});`,
        ]),
      ),
    });
    const database = await createDatabase();
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expect(run.code, run.stdout).toBe(0);
    const inOrder = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const steps = await database.query<{ id: number }>('SELECT id FROM steps ORDER BY n');
    expect(steps.map(({ id }) => names[id])).toEqual(inOrder);
    const records = await database.migrations();
    expect(records.map(({ migration_name }) => migration_name).toSorted()).toEqual(names.toSorted());
    const again = await runBundle({ dir: app.dir, args: ['status'], env: { DATABASE_URL: database.url } });
    expect(again.code, again.stdout).toBe(0);
    report('fuzz', 'migration folders with odd names', { tried: names.length, manual: 0 });
  });
});

describe('scripts of random text', () => {
  const CASES = 10;
  const piece = fc.oneof(
    fc.constantFrom(
      "'",
      "''",
      '"',
      '$$',
      '$a$',
      '$a',
      '/*',
      '*/',
      '--',
      '\n',
      '\r',
      ';',
      ';',
      ' ',
      '(',
      ')',
      '\\',
      "E'",
      "U&'",
      '\uFEFF',
    ),
    fc.constantFrom(
      'SELECT 1',
      'CREATE TABLE other ()',
      'DO $$ BEGIN END $$',
      'SELECT 1/0',
      'BEGIN',
      'COMMIT',
      'ROLLBACK',
      'SET search_path = pg_catalog',
      "SELECT 'a;b'",
      'SELECT $q$;$q$',
      '/* ; */',
      '-- ;\n',
    ),
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('utf8')),
  );
  const script = fc
    .array(piece, { maxLength: 10 })
    .map((pieces) => `CREATE TABLE trace ();\n${pieces.join('')}`);
  const valid = fc
    .array(
      fc.constantFrom(
        "SELECT 'a;b'",
        'SELECT $q$;$q$',
        '/* ; */',
        '-- ; \n',
        ';',
        ' ; ',
        "SELECT E'\\';'",
        'DO $$ BEGIN END $$;',
      ),
      { maxLength: 8 },
    )
    .map((pieces) => `CREATE TABLE trace ();\n${pieces.join(';\n')}`);

  async function expectAllOrNothing(sql: string): Promise<void> {
    const app = await createStandalone({ migrations: { '0001_random': sql } });
    const database = await createDatabase();
    const run = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    expectWellBehaved(run, sql);
    const records = await database.migrations();
    const [found] = await database.query<{ trace: boolean }>(
      `SELECT to_regclass('public.trace') IS NOT NULL AS trace`,
    );
    const about = `${JSON.stringify(sql)}\n${run.stdout}`;
    if (run.code === 0) {
      expect(records, about).toEqual([
        expect.objectContaining({
          migration_name: '0001_random',
          finished: true,
          rolled_back: false,
          checksum: checksum(sql),
        }),
      ]);
      return;
    }
    expect(run.code, about).toBe(migration.status);
    if (['transactions', 'whole'].includes(parseScript(sql).plan.autocommit.kind)) {
      expect(
        records.filter(({ finished }) => finished),
        about,
      ).toEqual([]);
      return;
    }
    expect(records, about).toEqual([]);
    expect(found?.trace, about).toBe(false);
  }

  test('leave one finished record, or nothing where they have no transactions of their own', async () => {
    printSeedOnFailure();
    for (const sql of draw(fc.oneof(script, valid), CASES)) await expectAllOrNothing(sql);
    report('fuzz', 'random scripts', { tried: CASES, manual: 0 });
  });
});

describe('records of every kind', () => {
  const CASES = 4;
  interface Row {
    readonly name: string;
    readonly state: 'finished' | 'rolled back' | 'failed' | 'finished and rolled back';
    readonly checksum: 'equal' | 'other' | 'nonsense';
    readonly logs: string | null;
  }
  const FOLDER = {
    '0001_a': 'CREATE TABLE a ();',
    '0002_b': 'CREATE TABLE b ();',
    '0003_c': 'CREATE TABLE c ();',
  };
  const row: fc.Arbitrary<Row> = fc.record({
    name: fc.constantFrom('0001_a', '0002_b', '0003_c', '0000_gone', '9999_ñ "<&>" gone', ''),
    state: fc.constantFrom('finished', 'rolled back', 'failed', 'finished and rolled back'),
    checksum: fc.constantFrom('equal', 'other', 'nonsense'),
    logs: fc.option(fc.constantFrom('', 'ERROR: <xml> & "quotes" \r\n\u0001 ]]>', 'x'.repeat(5000)), {
      nil: null,
    }),
  });

  async function insert(
    database: Database,
    { name, state, checksum: kind, logs }: Row,
    index: number,
  ): Promise<void> {
    const script = FOLDER[name as keyof typeof FOLDER] ?? '';
    const sum = { equal: checksum(script), other: checksum('other'), nonsense: '<&>' }[kind];
    await database.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, rolled_back_at, logs, applied_steps_count)
       VALUES (gen_random_uuid()::text, $1, $2, now() + $3 * interval '1 second',
         CASE WHEN $4 LIKE 'finished%' THEN now() END, CASE WHEN $4 LIKE '%rolled back' THEN now() END, $5, 1)`,
      [sum, name, index, state, logs],
    );
  }

  test('are read by status and migrate, which end with a code of the table', async () => {
    printSeedOnFailure();
    const app = await createStandalone({ migrations: FOLDER });
    for (const rows of draw(fc.array(row, { minLength: 1, maxLength: 6 }), CASES)) {
      const database = await createDatabase();
      await database.query(`CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL,
        finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
        started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
      for (const [index, one] of rows.entries()) await insert(database, one, index);
      const failed = rows.some(({ state }) => state === 'failed');
      const before = await database.query('SELECT * FROM _prisma_migrations ORDER BY id');
      const env = { DATABASE_URL: database.url };
      expectWellBehaved(await runBundle({ dir: app.dir, args: ['status'], env }), rows);
      const migrated = await runBundle({ dir: app.dir, args: ['migrate'], env });
      expectWellBehaved(migrated, rows);
      expect(migrated.code, `${JSON.stringify(rows)}\n${migrated.stdout}`).toBe(
        failed ? migration.status : 0,
      );
      const after = await database.query('SELECT * FROM _prisma_migrations ORDER BY id');
      expect(after, 'what was recorded before is never touched').toEqual(expect.arrayContaining(before));
    }
    report('fuzz', 'random records of migrations', { tried: CASES, manual: 0 });
  });
});
