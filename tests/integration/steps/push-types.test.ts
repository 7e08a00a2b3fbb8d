import { expect, test } from 'vitest';
import { isLossless } from '../../../entrypoint/steps/migrate/lossless-type.ts';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const schemaOf = (column: string) =>
  `datasource db {\n  provider = "postgresql"\n}\nmodel t {\n  id Int @id\n  c  ${column}\n}\n`;
const REFUSED = /could lose part of|lose data|data loss/;

async function prepare(type: string, value: string) {
  const role = await createRole();
  const database = await createDatabase({ owner: role });
  const url = database.urlFor(role);
  const session = await database.connect(url);
  await session.query(
    `CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, c ${type} NOT NULL); INSERT INTO t VALUES (1, ${value})`,
  );
  const app = await createStandalone({ omit: ['prisma/migrations'] });
  const run = (args: string[]) =>
    runBundle({ dir: app.dir, args, env: { DATABASE_URL: url, ENTRYPOINT_MIGRATE: 'push' } });
  const read = async () =>
    (await session.query('SELECT c::text AS value, pg_typeof(c)::text AS type FROM t')).rows;
  return { app, role, database, session, run, read };
}

const STAMP = "'2020-01-02 10:20:30.123456'";

test.each([
  ['timestamp(6)', STAMP, 'DateTime @db.Date'],
  ['timestamp(6)', STAMP, 'DateTime @db.Time(3)'],
  ['timestamp(6)', STAMP, 'DateTime'],
  ['timestamp(3)', STAMP, 'DateTime @db.Timestamp(0)'],
  ['timestamptz(6)', STAMP, 'DateTime @db.Timestamptz(0)'],
  ['timestamptz(6)', STAMP, 'DateTime @db.Date'],
  ['timestamptz(6)', STAMP, 'DateTime @db.Timetz(0)'],
  ['time(6)', "'10:20:30.123456'", 'DateTime @db.Timetz(0)'],
  ['timetz(6)', "'10:20:30.123456+05'", 'DateTime @db.Timetz(2)'],
  ['timetz(3)', "'10:20:30.123+05'", 'DateTime @db.Time(3)'],
  ['bigint', '9007199254740993', 'Float'],
  ['bigint', '9007199254740993', 'Float @db.Real'],
  ['int', '16777217', 'Float @db.Real'],
  ['json', `'{"a":1,"a":2}'`, 'Json'],
  ['bigint[]', "'{9007199254740993}'", 'Float[]'],
  ['timestamp(6)[]', `'{2020-01-02 10:20:30.123456}'`, 'DateTime[]'],
  ['int[]', "'{1,2}'", 'String'],
])('a push does not change %s of %s to %s: check and start end with 65', async (type, value, column) => {
  const { app, run, read } = await prepare(type, value);
  await app.write('prisma/schema.prisma', schemaOf(column));
  const before = await read();
  for (const command of ['check', 'migrate']) {
    const { code, stdout } = await run([command]);
    expect(code, stdout).toBe(65);
    expect(stdout).toMatch(REFUSED);
  }
  expect(await read()).toEqual(before);
});

test.each([
  ['timestamp(0)', STAMP, 'DateTime'],
  ['varchar(5)', "'abcde'", 'String'],
  ['int', '2147483647', 'BigInt'],
  ['int', '2147483647', 'Float'],
  ['int', '2147483647', 'String'],
  ['numeric(10,2)', '12345678.25', 'Decimal'],
  ['uuid', "'00000000-0000-0000-0000-000000000001'", 'String'],
  ['jsonb', `'{"a": 1.0}'`, 'Json @db.Json'],
  ['int[]', "'{1,2}'", 'BigInt[]'],
])('a push changes %s of %s to %s, which loses nothing', async (type, value, column) => {
  const { app, run, read } = await prepare(type, value);
  await app.write('prisma/schema.prisma', schemaOf(column));
  const [before] = await read();
  const { code, stdout } = await run(['migrate']);
  expect(code, stdout).toBe(0);
  const [after] = await read();
  expect(after?.type).not.toBe(type);
  expect(after?.value.replace(/0+$/, '')).toBe(before?.value.replace(/0+$/, ''));
});

test('a push changes a type that could lose part of a value where no row has one', async () => {
  const { app, session, run, read } = await prepare('timestamp(6)', STAMP);
  await session.query('ALTER TABLE t ALTER c DROP NOT NULL; UPDATE t SET c = NULL');
  await app.write('prisma/schema.prisma', schemaOf('DateTime? @db.Date'));
  const { code, stdout } = await run(['migrate']);
  expect(code, stdout).toBe(0);
  expect(await read()).toEqual([{ value: null, type: 'date' }]);
});

test('a push changes a time without a zone to one with a zone only where the session has UTC', async () => {
  const { app, role, database, run, read } = await prepare('timestamp(3)', STAMP);
  await app.write('prisma/schema.prisma', schemaOf('DateTime @db.Timestamptz(3)'));
  await database.admin(`ALTER ROLE ${role.name} SET TimeZone = 'Europe/Madrid'`);
  const refused = await run(['migrate']);
  expect(refused.code, refused.stdout).toBe(65);
  expect(refused.stdout).toContain('TimeZone is Europe/Madrid');
  await database.admin(`ALTER ROLE ${role.name} SET TimeZone = 'UTC'`);
  const changed = await run(['migrate']);
  expect(changed.code, changed.stdout).toBe(0);
  expect(await read()).toMatchObject([{ type: 'timestamp with time zone' }]);
});

/** Values at the limits of each type, among them what other types cannot hold. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '16777217'],
  bigint: ['-9223372036854775808', '9007199254740993'],
  real: ['0.1', '3.4e38', '1e-45'],
  'double precision': ['0.1', '1.7e308', '16777217.5'],
  'numeric(10,2)': ['99999999.99', '-0.01'],
  'numeric(65,30)': ['0.000000000000000000000000000001', '12345678901234567890123456789012345'],
  numeric: ['1.2345678901234567890123456789012345678901234567890123456789', '1e100'],
  'timestamp(0) without time zone': ['2020-01-02 10:20:30', 'infinity'],
  'timestamp(6) without time zone': ['2020-01-02 10:20:30.123456'],
  'timestamp(3) with time zone': ['2020-01-02 10:20:30.123+05'],
  'timestamp(6) with time zone': ['2020-01-02 10:20:30.123456+05'],
  date: ['2020-01-02', '0044-03-15 BC'],
  'time(0) without time zone': ['10:20:30'],
  'time(6) without time zone': ['10:20:30.123456', '24:00:00'],
  'time(3) with time zone': ['10:20:30.123+05'],
  'time(6) with time zone': ['10:20:30.123456-11'],
  text: ['  Ab  ', ''],
  'character varying(4)': ['Ab  ', 'ABCD'],
  'character varying(40)': ['an Ab that is longer than four', ' '],
  'character(4)': ['Ab', 'ABCD'],
  'bit(4)': ['1010'],
  'bit varying(8)': ['10101010', '1'],
  'bit varying(2)': ['10'],
  boolean: ['true'],
  uuid: ['00000000-0000-0000-0000-00000000000f'],
  json: ['{"b":1, "a":1.0,"a":2}'],
  jsonb: ['{"b": 1.0}'],
  xml: ['<a/>'],
  inet: ['10.0.0.1/8', '10.0.0.1'],
  cidr: ['10.0.0.0/8'],
  money: ['1.25'],
  oid: ['4294967295'],
  name: ['a_Name'],
  'extensions.citext': ['  Ab  '],
  bytea: ['\\x00ff'],
};

test.each(Object.keys(VALUES))('what counts as lossless for %s comes back from every value', async (from) => {
  const database = await createDatabase();
  const session = await database.connect();
  await session.query(
    "SET TimeZone = 'UTC'; CREATE SCHEMA extensions; CREATE EXTENSION citext SCHEMA extensions",
  );
  for (const to of Object.keys(VALUES).filter((type) => isLossless(from, type, 'UTC')))
    for (const suffix of ['', '[]']) {
      const literals = (VALUES[from] ?? []).map((value) => `'${value}'::${from}`);
      await session.query(`CREATE TEMPORARY TABLE old AS SELECT v${suffix === '' ? '' : ' AS v'} FROM (VALUES ${literals.map((value) => `(${suffix === '' ? value : `array[${value}]`})`).join()}) AS t(v);
        CREATE TEMPORARY TABLE new AS TABLE old; ALTER TABLE new ALTER v SET DATA TYPE ${to}${suffix}`);
      const { rows } = await session.query(
        `SELECT v::${from}${suffix}::text AS v FROM new EXCEPT ALL SELECT v::text FROM old`,
      );
      expect(rows, `${from}${suffix} as ${to}`).toEqual([]);
      await session.query('DROP TABLE old, new');
    }
});
