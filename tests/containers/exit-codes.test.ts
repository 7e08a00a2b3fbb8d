import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, inject, test } from 'vitest';
import { EXIT_STATUS } from '../../entrypoint/core/errors.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { type ContainerOptions, runContainer, startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';
import { deriveImage } from './helpers/images.ts';
import { createNetwork } from './helpers/networks.ts';
import { type PostgresContainer, startPostgres } from './helpers/postgres.ts';

let network: string;
let postgres: PostgresContainer;

beforeAll(async () => {
  network = await createNetwork();
  postgres = await startPostgres(network);
});

/** Each row of the table: how a container comes to end so. */
const CASES: Record<keyof typeof EXIT_STATUS, () => Promise<Omit<ContainerOptions, 'network'>>> = {
  ok: async () => ({
    image: inject('image'),
    env: { DATABASE_URL: (await postgres.createDatabase()).url },
    command: ['node', 'entrypoint.js', 'migrate'],
  }),
  usage: async () => ({ image: inject('image'), command: ['node', 'entrypoint.js', 'migrat'] }),
  migration: async () => ({
    image: await deriveImage({ migrations: { '2099_broken': 'CREATE TABLE half (id int);\nSELEC 1;\n' } }),
    env: { DATABASE_URL: (await postgres.createDatabase()).url },
  }),
  build: async () => ({
    image: await deriveImage({ remove: ['server.js'] }),
    env: { DATABASE_URL: (await postgres.createDatabase()).url },
  }),
  unavailable: async () => ({
    image: inject('image'),
    env: { DATABASE_URL: 'postgresql://u:p@nowhere.invalid/none', ENTRYPOINT_DB_TIMEOUT: '1s' },
  }),
  internal: async () => ({
    image: await deriveImage({ files: { 'broken.cjs': BUG } }),
    env: { DATABASE_URL: (await postgres.createDatabase()).url, NODE_OPTIONS: '--require /app/broken.cjs' },
  }),
  seed: async () => ({
    image: await deriveImage({ files: { 'seed.js': 'process.exit(3);\n' } }),
    env: { DATABASE_URL: (await postgres.createDatabase()).url },
  }),
  hook: async () => ({
    image: await deriveImage({
      files: {
        'fails.cjs': 'process.exit(3);',
        'zarpe.config.json': '{ "hooks": { "beforeServer": [{ "command": "node fails.cjs" }] } }',
      },
    }),
    env: { DATABASE_URL: (await postgres.createDatabase()).url },
  }),
  temporary: async () => {
    const database = await postgres.createDatabase();
    await holdBootLock(database.name);
    return { image: inject('image'), env: { DATABASE_URL: database.url, ENTRYPOINT_LOCK_TIMEOUT: '1s' } };
  },
  access: async () => ({
    image: inject('image'),
    env: { DATABASE_URL: (await postgres.createDatabase()).url.replace(postgres.password, 'wrong') },
  }),
  configuration: async () => ({ image: inject('image') }),
};

test.each(Object.entries(EXIT_STATUS))(
  'docker inspect shows %s as its code of the table',
  async (name, { status }) => {
    const options = await CASES[name as keyof typeof EXIT_STATUS]();
    const { code, output } = await runContainer({ ...options, network });
    expect(code, output.describe()).toBe(status);
    expect(await output.inspect('{{.State.ExitCode}}')).toBe(String(status));
  },
);

test.each([0, 1, 42, 200, 255])("docker inspect shows the server's own code %i", async (code) => {
  const image = await deriveImage({ server: 'crashing' });
  const { url } = await postgres.createDatabase();
  const { output } = await runContainer({
    image,
    network,
    env: { DATABASE_URL: url, FIXTURE_EXIT_CODE: String(code) },
  });
  expect(await output.inspect('{{.State.ExitCode}}')).toBe(String(code));
});

test('docker inspect shows 137 for a server that was killed, never 0', async () => {
  const image = await deriveImage({ server: 'killed' });
  const { url } = await postgres.createDatabase();
  const { output } = await runContainer({ image, network, env: { DATABASE_URL: url } });
  expect(await output.inspect('{{.State.ExitCode}}')).toBe('137');
});

/** An error out of nowhere, once the entrypoint is under way. */
const BUG = "setImmediate(() => { throw new TypeError('a bug'); });";

/** Takes the lock that one replica holds while it works, until the test ends. */
async function holdBootLock(database: string): Promise<void> {
  const image = 'postgres:17-alpine';
  const holder = await startContainer({
    image,
    network,
    env: { PGPASSWORD: postgres.password, PGAPPNAME: 'holder' },
    options: ['--tmpfs', '/var/lib/postgresql/data', '--entrypoint', 'psql'],
    command: [
      ...['-h', postgres.host, '-U', 'postgres', '-d', database, '-c'],
      `SELECT pg_advisory_lock(${0x7a_61_72_70_65}); SELECT pg_sleep(600)`,
    ],
  });
  onCleanup(async () => {
    await docker(['kill', holder.name]);
  });
  const held = `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted`;
  while ((await postgres.query(database, held)) === '0') await pause(50);
}
