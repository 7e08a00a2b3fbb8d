/** Values that are known at run time, put into the build of an image that must not change. */
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import { type Container, runContainer, startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { docker } from './helpers/docker.ts';
import { ask } from './helpers/http.ts';
import { deriveImage } from './helpers/images.ts';
import { createName, runLabel } from './helpers/names.ts';

const WRITE_TO = '/tmp/zarpe';
const LOCKED = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
/** As OpenShift gives it. */
const ARBITRARY_USER = ['--user', '1000740000:0'];
const CONFIG = {
  database: 'off',
  healthPath: '/robots.txt',
  runtimeValues: { placeholders: ['NEXT_PUBLIC_API'], browserEnv: { names: ['NEXT_PUBLIC_*'] } },
};
const FILES = {
  'zarpe.config.json': JSON.stringify(CONFIG),
  '.next/static/chunks/of-test.js': 'fetch("__NEXT_PUBLIC_API__")',
  '.next/server/chunks/of-test.js': 'module.exports = "__NEXT_PUBLIC_API__"',
  'public/of-test.json': '{ "api": "__NEXT_PUBLIC_API__" }',
};

const images = { image: '', distroless: '' };

beforeAll(async () => {
  for (const from of ['image', 'distroless'] as const) {
    const run = [['node', 'entrypoint.js', 'find-placeholders']];
    images[from] = await deriveImage({ from: inject(from), files: FILES, run });
  }
});

const start = (image: string, api: string, options: string[]) =>
  startContainer({
    image,
    env: { NEXT_PUBLIC_API: api },
    options: [...LOCKED, ...options, '--publish', '127.0.0.1::3000'],
  });

async function expectServed(app: Container, api: string): Promise<void> {
  await app.waitUntilHealthy();
  const url = await app.url();
  expect((await ask(`${url}/_next/static/chunks/of-test.js`)).body).toBe(`fetch("${api}")`);
  expect(JSON.parse((await ask(`${url}/of-test.json`)).body)).toEqual({ api });
  expect((await ask(`${url}/__ENV.js`)).body).toContain(`"NEXT_PUBLIC_API":"${api}"`);
  expect(app.lines.filter((line) => /EROFS|EACCES|EPERM/.test(line))).toEqual([]);
  expect(app.logs.filter(({ level }) => level === 'warn')).toEqual([]);
}

describe.each(['image', 'distroless'] as const)('the %s, read-only', (name) => {
  test.each([
    ['its own user', []],
    ['an arbitrary user, as OpenShift gives it', ARBITRARY_USER],
    ['an arbitrary user and group', ['--user', '54321:54321']],
  ])('serves the values from a tmpfs as %s', async (_who, user) => {
    const app = await start(images[name], 'https://a.example', ['--tmpfs', '/tmp', ...user]);
    await expectServed(app, 'https://a.example');
    await app.stop();
  });

  test('with nothing to write to ends with 78, and says what to mount', async () => {
    const options = [...LOCKED, ...ARBITRARY_USER];
    const env = { NEXT_PUBLIC_API: 'https://a.example' };
    for (const args of [[], ['check']]) {
      const command = ['node', 'entrypoint.js', ...args];
      const { code, output } = await runContainer({ image: images[name], env, options, command });
      expect(code, output.describe()).toBe(78);
      expect(output.describe()).toContain(`docker run --tmpfs ${WRITE_TO}:mode=1777`);
    }
  });
});

test('a tmpfs that is too small ends the start with 78, and says to mount a larger one', async () => {
  const options = [...LOCKED, '--tmpfs', `${WRITE_TO}:mode=1777,size=256k`, ...ARBITRARY_USER];
  const env = { NEXT_PUBLIC_API: 'https://a.example' };
  const { code, output } = await runContainer({ image: images.image, env, options });
  expect(code, output.describe()).toBe(78);
  expect(output.describe()).toContain('Mount a larger volume or tmpfs there');
});

describe('replicas that share a volume', () => {
  test('start at once, as a user that owns nothing, and serve one copy', async () => {
    const volume = await createVolume();
    const options = ['--volume', `${volume}:${WRITE_TO}`, '--tmpfs', '/tmp', ...ARBITRARY_USER];
    const replicas = await Promise.all(
      [1, 2, 3, 4].map(() => start(images.image, 'https://a.example', options)),
    );
    await Promise.all(replicas.map((app) => expectServed(app, 'https://a.example')));
    const folders = (of: Container) =>
      of.exec(['node', '-p', `require('fs').readdirSync('${WRITE_TO}').join(' ')`]);
    const [first, ...others] = replicas;
    if (first === undefined) throw new Error('no replica');
    expect(await folders(first)).toMatch(/^[0-9a-f]{32}$/);

    const later = await start(images.image, 'https://b.example', options);
    await expectServed(later, 'https://b.example');
    expect((await folders(first)).split(' ')).toHaveLength(2);
    for (const app of others) await expectServed(app, 'https://a.example');
  });
});

/** A volume as Kubernetes gives it to a pod with an `fsGroup`: root's, and writable for the group. */
async function createVolume(): Promise<string> {
  const name = createName('values');
  await docker(['volume', 'create', '--label', runLabel(), name]);
  onCleanup(async () => {
    await docker(['volume', 'rm', '--force', name]);
  });
  const script = "require('fs').chmodSync('/volume', 0o2775)";
  const mount = ['--volume', `${name}:/volume`];
  const command = ['--entrypoint', 'node', inject('image'), '-e', script];
  await docker(['run', '--rm', '--label', runLabel(), '--user', '0:0', ...mount, ...command]);
  return name;
}
