import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

const MIGRATIONS = { '0001': 'CREATE TABLE a (id int)', '0002': 'CREATE INDEX i ON a (id)' };

test.each([
  ['baseline:created', 1],
  ['script:sent', 1],
  ['baseline:compared', 1],
  ['baseline:record', 0],
])('baseline killed at %s has recorded nothing, and the next one drops what it left', async (point, left) => {
  const app = await createFaultyApp({ migrations: MIGRATIONS });
  const database = await createDatabase();
  await database.query(Object.values(MIGRATIONS).join('; '));
  const env = { DATABASE_URL: database.url };
  const scratch = () =>
    database.admin(
      `SELECT s.datname FROM pg_database AS s, pg_database AS d
          WHERE d.datname = '${database.name}' AND s.datname LIKE concat('zarpe\\_scratch\\_', d.oid, '\\_%')`,
    );
  const args = ['baseline', '0002'];
  const killed = await startBundle({ dir: app.dir, args, env: { ...env, ZARPE_FAULT: `kill:${point}:1` } });
  expect(await killed.exit).toMatchObject({ signal: 'SIGKILL' });
  expect(await database.migrations()).toEqual([]);
  expect(await scratch()).toHaveLength(left);
  const { code, logs } = await runBundle({ dir: app.dir, args, env });
  expect(code).toBe(0);
  expect(logs.filter(({ msg }) => msg?.includes('an interrupted command left'))).toHaveLength(left);
  expect(await database.migrations()).toHaveLength(2);
  expect(await scratch()).toEqual([]);
});

test('a signal ends baseline, which drops its scratch database', async () => {
  const app = await createFaultyApp({ migrations: { '0001': 'SELECT pg_sleep(600)' } });
  const database = await createDatabase();
  const boot = await startBundle({
    dir: app.dir,
    args: ['baseline', '0001'],
    env: { DATABASE_URL: database.url },
  });
  await boot.waitForLog({ step: 'migrate', event: 'pending' });
  process.kill(boot.pid, 'SIGTERM');
  expect(await boot.exit).toMatchObject({ code: 143 });
  const left = await database.admin(
    `SELECT 1 FROM pg_database AS s, pg_database AS d
      WHERE d.datname = '${database.name}' AND s.datname LIKE concat('zarpe\\_scratch\\_', d.oid, '\\_%')`,
  );
  expect(left).toEqual([]);
  expect(await database.migrations()).toEqual([]);
});
