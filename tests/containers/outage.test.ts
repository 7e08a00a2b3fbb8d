import { expect, inject, test } from 'vitest';
import { createProject } from './helpers/compose.ts';
import { startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { waitForEvent } from './helpers/events.ts';
import { ask, askUntil } from './helpers/http.ts';
import { createName } from './helpers/names.ts';
import { createNetwork } from './helpers/networks.ts';
import { startPostgres } from './helpers/postgres.ts';

test('a database that comes up 20 s after the app finds it waiting, and is migrated, seeded and served', async () => {
  const network = await createNetwork();
  const host = createName('late');
  const password = 'late-but-well-known';
  const app = await startContainer({
    image: inject('image'),
    network,
    env: { DATABASE_URL: `postgresql://postgres:${password}@${host}/app`, ENTRYPOINT_DB_TIMEOUT: '120s' },
    options: ['--publish', '127.0.0.1::3000'],
  });
  await app.waitForLog(({ event, remainingMs }) => event === 'retry' && Number(remainingMs) <= 100_000);
  await startPostgres(network, {}, { alias: host, password });
  await app.waitUntilHealthy();
  expect(JSON.parse((await ask(`${await app.url()}/api/health`)).body)).toMatchObject({
    database: 'connected',
  });
});

test('a database that is stopped under the app makes it unhealthy, not dead, and is found again when it is back', async () => {
  const project = await createProject();
  await project.up('app');
  const health = `${await project.url()}/api/health`;
  const started = await project.inspect('app', '{{.State.StartedAt}}');
  await project.compose('stop', 'postgres');
  const down = await askUntil(health, ({ status }) => status === 503);
  expect(JSON.parse(down.body)).toMatchObject({ status: 'unhealthy' });
  await project.compose('start', 'postgres');
  await askUntil(health, ({ status }) => status === 200);
  expect(await project.inspect('app', '{{.State.StartedAt}}')).toBe(started);
});

test('a database that is never there ends the app with 69; on-failure:5 tries five times more and leaves it', async () => {
  const project = await createProject({
    overlays: ['compose.on-failure.yml'],
    override: withEnvironment({ DATABASE_HOST: 'nowhere.invalid', ENTRYPOINT_DB_TIMEOUT: '200ms' }),
  });
  await project.compose('up', '--detach', '--no-build', '--no-deps', 'app');
  await waitForEvent(project.container('app'), 'die', 6);
  const state = await project.inspect('app', '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}');
  expect(state).toBe('5 exited 69');
});

test('a wrong password under unless-stopped does not storm: the app is held, says why on its health path, ends with 77', async () => {
  const project = await createProject({
    override: withEnvironment({ DATABASE_PASSWORD: 'wrong-as-can-be' }),
  });
  await project.up('postgres');
  await project.compose('up', '--detach', '--no-build', '--no-deps', 'app');
  const health = await askUntil(`${await project.url()}/api/health`, ({ status }) => status !== 0);
  expect(health.status).toBe(503);
  expect(health.body).toContain('DATABASE_ACCESS_REFUSED');
  expect(health.body).not.toContain('wrong-as-can-be');
  expect(await project.inspect('app', '{{.RestartCount}} {{.State.Status}}')).toBe('0 running');
  await project.compose('stop', 'app');
  expect(await project.inspect('app', '{{.RestartCount}} {{.State.ExitCode}}')).toBe('0 77');
});

function withEnvironment(environment: Record<string, string>): object {
  return { services: { app: { environment } } };
}
