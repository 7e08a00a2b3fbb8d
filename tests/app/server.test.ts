/** The real build of the app behind the real entrypoint; built first where it is stale. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBuilt } from '../../scripts/build/inputs.mjs';
import { ROOT, STANDALONE } from '../../scripts/build/paths.mjs';
import { run } from '../../scripts/build/run-tools.mjs';
import { type BundleProcess, startBundle } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase, type Database } from '../helpers/database.ts';
import { freePort } from '../helpers/ports.ts';
import { createFolder } from '../helpers/workspace.ts';
import { migrateApp } from './migrate.ts';
import { npmStart } from './start-process.ts';

const BUILD_TIMEOUT = 300_000;

let database: Database;
let app: BundleProcess;
let origin: string;

beforeAll(async () => {
  if (!(await isBuilt())) await run(join(ROOT, 'scripts/build.mjs'), []);
}, BUILD_TIMEOUT);

describe('the app', () => {
  beforeAll(async () => {
    database = await createDatabase();
    app = await bootApp(database);
    origin = `http://127.0.0.1:${app.port}`;
  });

  test('shows that it is up, and how many users it has, anew each time', async () => {
    const first = await load('/');
    expect(first.status).toBe(200);
    expect(first.headers.get('cache-control')).toContain('no-store');
    expect(definition(first.text, 'Users')).toBe('1');
    await database.query(`INSERT INTO users (email, name, password_hash) VALUES ('b@example.com', 'B', '')`);
    expect(definition((await load('/')).text, 'Users')).toBe('2');
  });

  test.each(['/', '/no-such-page'])('%s runs only scripts with the nonce of its own answer', async (path) => {
    const [first, second] = [await load(path), await load(path)];
    expect(nonceOf(first.policy)).not.toBe(nonceOf(second.policy));
    const scripts = first.text.match(/<script\b[^>]*>/g) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((tag) => !tag.includes(`nonce="${nonceOf(first.policy)}"`))).toEqual([]);
    // Neither has a nonce, so the policy would refuse them.
    expect(first.text).not.toMatch(/\sstyle="|\son\w+="/);
  });

  test.each(['/', '/api/health', '/robots.txt'])('%s says what a browser may do with it', async (path) => {
    const { headers, policy } = await load(path);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers.has('x-powered-by')).toBe(false);
  });

  test('lets no other origin read its answers', async () => {
    const own = await load('/api/health', { origin });
    expect(own.headers.get('access-control-allow-origin')).toBe(origin);
    const other = await load('/api/health', { origin: 'https://evil.example' });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('serves what the page links to', async () => {
    const { text } = await load('/');
    const links = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(links.some((path) => path.endsWith('.css'))).toBe(true);
    for (const path of new Set(links)) {
      const { status, headers } = await load(path);
      expect({ path, status, nosniff: headers.get('x-content-type-options') }).toEqual({
        path,
        status: 200,
        nosniff: 'nosniff',
      });
    }
  });

  test('says so where its database is gone, and ends by TERM with 143', async () => {
    await database.drop();
    const health = await load('/api/health');
    expect(health.status).toBe(503);
    const page = await load('/');
    expect(page.status).toBe(200);
    expect(definition(page.text, 'Users')).toBe('unknown');
    app.kill('SIGTERM');
    expect(await app.exit).toMatchObject({ code: 143, signal: null });
  });
});

describe('npm start', () => {
  test('brings up a database and the app, stops both on Ctrl-C, and finds its data the next time', async () => {
    const home = await createFolder('start');
    const port = await freePort();
    const first = npmStart(home, port);
    await first.waitForLine(new RegExp(`Open http://localhost:${port} `));
    expect(first.stdout).toContain('Its password, shown this once:');
    first.kill('SIGINT');
    expect(await first.exit).toBe(130);
    await expect(readFile(join(home, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');

    const second = npmStart(home, port);
    expect(await second.waitForLog({ step: 'migrate', event: 'skipped' })).toMatchObject({
      migrationCount: 3,
    });
    expect(await second.waitForLog({ step: 'seed', event: 'skipped' })).toMatchObject({ rows: 1 });
    await second.waitForLine(/Open http/);
    second.kill('SIGTERM');
    expect(await second.exit).toBe(143);
  });

  test('recovers what a killed one has left, and lets no two run at once', async () => {
    const home = await createFolder('start');
    const first = npmStart(home, await freePort());
    await first.waitForLine(/Open http/);
    const second = npmStart(home, await freePort());
    expect(await second.exit).toBe(1);
    expect(second.stderr).toContain('it runs already here');

    first.kill('SIGKILL');
    const third = npmStart(home, await freePort());
    await third.waitForLine(/Open http/);
    expect(await third.waitForLog({ step: 'seed', event: 'skipped' })).toMatchObject({ rows: 1 });
    third.kill('SIGTERM');
    expect(await third.exit).toBe(143);
  });

  test.each(['while it starts', 'while it runs'])(
    'leaves nothing behind when its window is closed %s',
    async (when) => {
      const home = await createFolder('start');
      const start = npmStart(home, await freePort(), { terminal: true });
      if (when === 'while it runs') await start.waitForLine(/Open http/);
      else await expect.poll(() => existsSync(join(home, 'start.lock'))).toBe(true);
      start.kill('SIGKILL');
      await expect.poll(() => start.processes()).toEqual([]);
      await expect(readFile(join(home, 'start.lock'))).rejects.toThrow('ENOENT');
      await expect(readFile(join(home, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');
    },
  );

  test('says that its port is taken', async () => {
    const port = await freePort();
    const server = createServer();
    await once(server.listen(port, '0.0.0.0'), 'listening');
    onCleanup(() => void server.close());
    const start = npmStart(await createFolder('start'), port);
    expect(await start.exit).toBe(1);
    expect(start.stderr).toContain(`port ${port} is taken`);
  });
});

test('the standalone folder holds what runs, and nothing else', async () => {
  expect((await readdir(STANDALONE)).sort()).toEqual(
    [
      '.next',
      'LICENSE',
      'THIRD-PARTY-NOTICES.txt',
      'entrypoint.js',
      'node_modules',
      'package.json',
      'prisma',
      'public',
      'seed.js',
      'server.js',
    ].sort(),
  );
  expect((await readdir(join(STANDALONE, 'prisma'))).sort()).toEqual(['migrations', 'schema.prisma']);
  const packages = await readdir(join(STANDALONE, 'node_modules'));
  expect(packages).toContain('next');
  expect(packages).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(prisma|typescript|sharp|@img)$/)]),
  );
});

test('the server of Next.js loads while the database is prepared, and runs nothing of the app until it is', async () => {
  const dir = join(await createFolder('loading'), 'app');
  await cp(STANDALONE, dir, { recursive: true, verbatimSymlinks: true });
  await writeFile(
    join(dir, '.next/server/instrumentation.js'),
    `exports.register = () => console.log('{"event":"instrumentation"}');`,
  );
  const target = await createDatabase();
  const release = await target.holdBootLock();
  const boot = await startBundle({ dir, env: { DATABASE_URL: target.url, ENTRYPOINT_SEED: 'never' } });
  const { pid } = await boot.waitForLog({ step: 'server', event: 'loading' });
  await boot.waitForLog({ step: 'lock', event: 'waiting' });
  // Next.js gives its process that title when it is about to listen.
  await expect.poll(() => readFile(`/proc/${pid}/cmdline`, 'utf8')).toContain('next-server');
  await release();
  await boot.waitForLog({ step: 'server', event: 'ready' });
  const events = boot.logs.map(({ step, event }) => `${step}:${event}`);
  expect(events.indexOf('migrate:done')).toBeGreaterThan(-1);
  expect(events.indexOf('undefined:instrumentation')).toBeGreaterThan(events.indexOf('migrate:done'));
});

test('the standalone folder seeds wherever it lies, with nothing but what it holds', async () => {
  const folder = join(await createFolder('moved'), 'app');
  await cp(STANDALONE, folder, { recursive: true, verbatimSymlinks: true });
  const target = await createDatabase();
  await migrateApp(target);
  const env = { PATH: process.env.PATH, NODE_ENV: process.env.NODE_ENV, DATABASE_URL: target.url };
  const seeded = await promisify(execFile)(process.execPath, [join(folder, 'seed.js')], { cwd: '/', env });
  expect(seeded).toMatchObject({ stdout: expect.stringContaining('this once:'), stderr: '' });
  expect(await target.query('SELECT email FROM users')).toHaveLength(1);
  expect((await stat(join(folder, 'seed.js'))).size).toBeLessThan(500_000);
});

async function bootApp(target: Database): Promise<BundleProcess> {
  const env = { DATABASE_URL: target.url, SEED_ADMIN_PASSWORD: 'a-password-for-the-test' };
  const boot = await startBundle({ dir: STANDALONE, env });
  await boot.waitForLog({ step: 'server', event: 'ready' });
  return boot;
}

async function load(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(origin + path, { headers });
  const policy = response.headers.get('content-security-policy') ?? '';
  return { status: response.status, headers: response.headers, policy, text: await response.text() };
}

function nonceOf(policy: string): string | undefined {
  return /'nonce-([^']+)'/.exec(policy)?.[1];
}

function definition(html: string, term: string): string | undefined {
  return new RegExp(`<dt>${term}</dt><dd>([^<]*)</dd>`).exec(html)?.[1];
}
