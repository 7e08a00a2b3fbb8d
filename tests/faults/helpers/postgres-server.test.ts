import { expect, test } from 'vitest';
import { createDatabase, dumpSchema, formatUrl } from '../../helpers/database.ts';
import { startServer } from '../../helpers/postgres.ts';
import { POSTGRES_VERSIONS } from '../../helpers/postgres-versions.ts';

test('a killed server starts again with what was committed, and nothing else', async () => {
  const server = await startServer();
  const database = await createDatabase({ server });
  await database.query('CREATE TABLE kept (n int)');
  await database.query('INSERT INTO kept VALUES (1)');
  const session = await database.connect();
  await session.query('BEGIN; INSERT INTO kept VALUES (2)');
  await server.kill();
  await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await server.start();
  expect(await database.query('SELECT n FROM kept')).toEqual([{ n: 1 }]);
});

test('a standby is readable and refuses to write', async () => {
  const server = await startServer();
  const database = await createDatabase({ server });
  await server.becomeStandby();
  expect(await database.query('SELECT pg_is_in_recovery() AS standby')).toEqual([{ standby: true }]);
  await expect(database.query('CREATE TABLE t ()')).rejects.toMatchObject({ code: '25006' });
});

test('a server takes its settings, and others at its next start', async () => {
  const server = await startServer({ settings: { max_connections: '7' } });
  const database = await createDatabase({ server });
  expect(await database.query('SHOW max_connections')).toEqual([{ max_connections: '7' }]);
  server.configure({ max_connections: '8' });
  await server.stop();
  await server.start();
  expect(await database.query('SHOW max_connections')).toEqual([{ max_connections: '8' }]);
});

test('a line of hba decides who may come in', async () => {
  const server = await startServer({ hba: ['host closed all all reject'] });
  const database = await createDatabase({ server, name: 'closed' });
  await expect(database.query('SELECT 1')).rejects.toMatchObject({ code: '28000' });
});

test('a wrong password is refused', async () => {
  const server = await startServer();
  const database = await createDatabase({ server });
  const url = formatUrl(server, database.name, { name: server.user, password: 'wrong' });
  await expect(database.connect(url)).rejects.toMatchObject({ code: '28P01' });
});

for (const { major, options, title } of POSTGRES_VERSIONS) {
  test.skipIf(options === undefined)(`${title} starts, and its schema can be dumped`, async () => {
    const database = await createDatabase({ server: await startServer(options) });
    const [row] = await database.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int / 10000 AS version",
    );
    expect(row).toEqual({ version: major });
    await database.query('CREATE TABLE t (id serial PRIMARY KEY)');
    expect(await dumpSchema(database.url)).toContain('"relation": "public.t"');
  });
}
