import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { secretForms } from '../helpers/secrets.ts';
import { createFolder } from '../helpers/workspace.ts';
import { createProject, type Project } from './helpers/compose.ts';
import './helpers/context.ts';
import { docker, tryDocker } from './helpers/docker.ts';
import { ask } from './helpers/http.ts';

const HISTORY = 'SELECT * FROM _prisma_migrations ORDER BY started_at';
const USERS = 'SELECT * FROM users ORDER BY id';

test('an empty volume is migrated, seeded once and served; down and up change nothing; down -v starts anew', async () => {
  const project = await createProject();
  await project.up();
  await expectServed(project);
  const [history, users] = [await project.query(HISTORY), await project.query(USERS)];
  expect(history.split('\n').map((row) => row.split('|')[3])).toEqual(await migrationsOfTheRepository());
  expect(users.split('\n')).toHaveLength(1);

  await project.down();
  await project.up();
  await expectServed(project);
  expect(await project.query(HISTORY)).toBe(history);
  expect(await project.query(USERS)).toBe(users);
  const log = await project.logs('app');
  expect(log).toContain('"step":"migrate","event":"skipped"');
  expect(log).toContain('"step":"seed","event":"skipped"');

  await project.down('--volumes');
  await project.up();
  await expectServed(project);
  expect(await project.query(HISTORY)).not.toBe(history);
  expect((await project.query(USERS)).split('\n')).toHaveLength(1);
});

test('a password of any characters in a file alone serves all services and shows in no container', async () => {
  const password = `p@ss:/?#[]%41& "quo'ted" $HOME \\ ${inject('run')}`;
  const folder = await createFolder('secrets');
  const file = join(folder, 'postgres_password');
  await writeFile(file, `${password}\n`, { mode: 0o644 });
  const project = await createProject({
    overlays: ['compose.secrets.yml'],
    env: { POSTGRES_PASSWORD: 'in-a-file', POSTGRES_PASSWORD_FILE: file },
  });
  await project.up();
  await expectServed(project);
  await project.compose('exec', '-T', 'backup', 'sh', '/opt/docker/backup.sh', 'once');
  for (const service of ['postgres', 'app', 'backup']) {
    const shown = `${await docker(['inspect', project.container(service)])}${await project.logs(service)}`;
    expect(shown).not.toContain('in-a-file');
    for (const { form } of secretForms(password, 'the password')) expect(shown).not.toContain(form);
  }
});

test("the secrets overlay's placeholder is refused as a password where the overlay is not in use", async () => {
  const impatient = { healthcheck: { interval: '1s', start_period: '1s', retries: 3 } };
  const project = await createProject({
    env: { POSTGRES_PASSWORD: 'in-a-file' },
    override: { services: { postgres: impatient } },
  });
  await project.compose('up', '--detach', '--no-build', 'postgres');
  await project.waitForLine('postgres', 'is the placeholder of compose.secrets.yml');
  // What failed half-way is started again, and must not pass for a database.
  const { code } = await project.tryCompose('up', '--detach', '--no-build', '--wait', 'postgres');
  expect(code).not.toBe(0);
});

test('without a password nothing starts, and the message says how to make one', async () => {
  const project = await createProject({ env: { POSTGRES_PASSWORD: '' } });
  const { code, stderr } = await project.tryCompose('config');
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/POSTGRES_PASSWORD.*openssl rand/);
  // So that the project can be taken down.
  project.set('POSTGRES_PASSWORD', 'unused');
});

test('the app can do no more than it must: read-only, no capability, limited, its log rotated', async () => {
  const project = await createProject();
  await project.compose('create', '--no-build');
  const host = JSON.parse(await project.inspect('app', '{{json .HostConfig}}'));
  expect(host).toMatchObject({
    ReadonlyRootfs: true,
    CapDrop: ['ALL'],
    CapAdd: null,
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    Init: true,
    RestartPolicy: { Name: 'unless-stopped' },
    Memory: 512 * 2 ** 20,
    MemoryReservation: 128 * 2 ** 20,
    NanoCpus: 2e9,
    PidsLimit: 256,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
  });
  expect(Object.keys(host.Tmpfs)).toEqual(['/tmp']);
  expect(await project.inspect('app', '{{.Config.StopTimeout}}')).toBe('30');
  expect(await project.inspect('app', '{{range .Mounts}}{{.Destination}} {{end}}')).toBe('/app/.next/cache');
  for (const service of ['postgres', 'backup']) {
    const other = JSON.parse(await project.inspect(service, '{{json .HostConfig}}'));
    expect(other, service).toMatchObject({ ReadonlyRootfs: true, CapDrop: ['ALL'], Init: true });
  }
});

test('the database is on no network that faces the outside, and publishes no port until asked to', async () => {
  const project = await createProject();
  await project.up('postgres');
  const networks = '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
  expect(await project.inspect('postgres', networks)).toBe(`${project.name}_database`);
  expect(await docker(['port', project.container('postgres')])).toBe('');
  expect(await docker(['network', 'inspect', '--format', '{{.Internal}}', `${project.name}_database`])).toBe(
    'true',
  );
  const connect = "require('net').connect(5432, process.argv[1]).on('connect', () => process.exit(0))";
  const from = (network: string) =>
    tryDocker([
      'run',
      '--rm',
      '--network',
      `${project.name}_${network}`,
      inject('image'),
      'node',
      '-e',
      connect,
      'postgres',
    ]);
  expect((await from('database')).code).toBe(0);
  await project.compose('create', '--no-build', 'app');
  await docker(['network', 'inspect', `${project.name}_outside`]);
  expect((await from('outside')).code).not.toBe(0);
});

test('compose.local.yml publishes the database on the loopback interface alone', async () => {
  const project = await createProject({ overlays: ['compose.local.yml'], env: { POSTGRES_PORT: '0' } });
  await project.up('postgres');
  expect(await project.compose('port', 'postgres', '5432')).toMatch(/^127\.0\.0\.1:\d+$/);
});

async function expectServed(project: Project): Promise<void> {
  const url = await project.url();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const health = await ask(`${url}/api/health`);
  expect(JSON.parse(health.body)).toMatchObject({ status: 'healthy', database: 'connected' });
  const page = await ask(url);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  expect(page.headers.get('x-powered-by')).toBeNull();
}

async function migrationsOfTheRepository(): Promise<string[]> {
  const names = await readdir(join(inject('clone'), 'prisma/migrations'));
  return names.filter((name) => name !== 'migration_lock.toml').sort();
}
