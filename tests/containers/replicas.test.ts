import { expect, test } from 'vitest';
import { createProject } from './helpers/compose.ts';
import './helpers/context.ts';
import { deriveImage } from './helpers/images.ts';

const REPLICAS = [1, 2, 3, 4];

test('four replicas at once on one empty database: migrated once, seeded once, all healthy', async () => {
  // Slow enough that all of them are there while the first one works.
  const image = await deriveImage({
    migrations: { '2099_slow': 'SELECT pg_sleep(3); CREATE TABLE slow (id int);' },
  });
  const project = await createProject({ env: { APP_IMAGE: image, DATABASE_PARAMS: 'connection_limit=5' } });
  await project.up('app', '--scale', 'app=4');
  const records = (
    await project.query('SELECT migration_name, finished_at IS NOT NULL FROM _prisma_migrations')
  ).split('\n');
  expect(new Set(records).size).toBe(records.length);
  expect(records.every((record) => record.endsWith('|t'))).toBe(true);
  expect(await project.query('SELECT count(*) FROM users')).toBe('1');
  const logs = await Promise.all(REPLICAS.map((number) => project.logs('app', number)));
  const count = (text: string) => logs.filter((log) => log.includes(text)).length;
  expect(count('"event":"applied"')).toBe(1);
  expect(count('"step":"seed","event":"done"')).toBe(1);
  expect(count('for the boot lock: it is held by')).toBe(3);
  for (const number of REPLICAS) {
    expect(await project.inspect('app', '{{.State.Health.Status}} {{.RestartCount}}', number)).toBe(
      'healthy 0',
    );
  }
});
