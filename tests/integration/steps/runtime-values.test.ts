import { randomUUID } from 'node:crypto';
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { findNode } from '../../helpers/node-versions.ts';
import type { LogLine } from '../../helpers/output-lines.ts';
import { createStandalone, type StandaloneOptions } from '../../helpers/standalone.ts';
import { createFolder } from '../../helpers/workspace.ts';

const API = '__NEXT_PUBLIC_API__';
const SCRIPT = '.next/static/chunks/app-1a2b.js';
const BUILD = {
  [SCRIPT]: `let u="${API}/v1",t=\`${API}\`;fetch(u)`,
  '.next/static/chunks/other.js': 'let n=1',
  '.next/server/app/page.js': `module.exports={url:"${API}"}`,
  '.next/server/app/index.html': `<!DOCTYPE html><a href="${API}">x</a>`,
  '.next/routes-manifest.json': `{"version":3,"rewrites":[{"destination":"${API}/x"}]}`,
  'public/style.css': `a{background:url("${API}/a.png")}`,
};

async function createApp(section: object, options: StandaloneOptions = {}) {
  const writeTo = await createFolder('values');
  const runtimeValues = { writeTo, ...section };
  const files = { ...BUILD, 'zarpe.config.json': JSON.stringify({ runtimeValues }), ...options.files };
  const app = await createStandalone({ server: 'crashing', ...options, files });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' };
  const run = (more: Record<string, string> = {}, args: string[] = []) =>
    runBundle({ dir: app.dir, args, env: { ...env, ...more } });
  const start = (more: Record<string, string>, nodeArgs: string[]) =>
    startBundle({ dir: app.dir, env: { ...env, ...more }, nodeArgs });
  const runOn = (node: string | undefined, more: Record<string, string>) =>
    runBundle({ dir: app.dir, node, env: { ...env, ...more } });
  const runAs = (uid: number, more: Record<string, string> = {}, args: string[] = []) =>
    runBundle({ dir: app.dir, args, uid, env: { ...env, ...more } });
  const copies = async () => (await readdir(writeTo)).map((name) => join(writeTo, name, 'app'));
  const read = async (path: string) => readFile(join((await copies())[0] ?? '', path), 'utf8');
  /** As if the processes that have served copies so far were of another container, `ago` milliseconds old. */
  const moveElsewhere = async (ago: number) => {
    for (const copy of await copies()) {
      const users = join(copy, '../users');
      for (const name of await readdir(users)) {
        const moved = join(users, name.replace(/@[\w.-]+/, '@elsewhere'));
        await rename(join(users, name), moved);
        await utimes(moved, new Date(Date.now() - ago), new Date(Date.now() - ago));
      }
    }
  };
  return { app, writeTo, run, start, runOn, runAs, copies, read, moveElsewhere };
}

const said = (logs: LogLine[]) =>
  logs.filter(({ step, event }) => step === 'values' && event !== 'start').map(({ msg }) => msg);
const PLACEHOLDERS = { placeholders: ['NEXT_PUBLIC_API'] };

describe('values that are known at run time', () => {
  test('are put into a copy of the build, each escaped for its place, and the copy is served', async () => {
    const { app, run, read, copies } = await createApp(PLACEHOLDERS);
    const value = `https://api.example/"</script>\\'$&\n😀`;
    const { code, logs } = await run({ NEXT_PUBLIC_API: value });
    expect(code).toBe(0);
    const [copy = ''] = await copies();
    expect(logs.find(({ step, event }) => step === 'server' && event === 'running')?.msg).toContain(copy);
    const [url, template] = new Function('fetch', `${await read(SCRIPT)};return [u,t]`)(() => undefined);
    expect([url, template]).toEqual([`${value}/v1`, value]);
    expect(JSON.parse(await read('.next/routes-manifest.json')).rewrites[0].destination).toBe(`${value}/x`);
    expect(await read('.next/server/app/index.html')).not.toContain('</script>');
    for (const [path, text] of Object.entries(BUILD))
      expect(await readFile(app.path(path), 'utf8')).toBe(text);
  });

  test('leave as links what holds none: packages, static files, the rest of the image', async () => {
    const { app, run, copies } = await createApp(PLACEHOLDERS);
    await run({ NEXT_PUBLIC_API: 'https://api.example' });
    const [copy = ''] = await copies();
    for (const path of ['node_modules', 'prisma', '.next/static/chunks/other.js', 'public/robots.txt'])
      expect(await readlink(join(copy, path))).toBe(app.path(path));
    for (const path of ['server.js', SCRIPT, '.next/server/app/page.js'])
      expect((await stat(join(copy, path))).isFile()).toBe(true);
  });

  test('are put there once, and anew when one of them changes; the old ones are gone', async () => {
    const { run, read, copies } = await createApp(PLACEHOLDERS);
    await run({ NEXT_PUBLIC_API: 'https://one.example' });
    const before = await copies();
    const again = await run({ NEXT_PUBLIC_API: 'https://one.example' });
    expect(said(again.logs).at(-1)).toContain('an earlier start put');
    expect(await copies()).toEqual(before);
    expect(await readdir(join(before[0] ?? '', '../users'))).toHaveLength(1);
    await run({ NEXT_PUBLIC_API: 'https://two.example' });
    expect(await copies()).toHaveLength(1);
    expect(await read(SCRIPT)).toContain('https://two.example');
    expect(await read(SCRIPT)).not.toContain('one.example');
  });

  test('leave alone what others have in the folder, and remove what a killed start left', async () => {
    const { writeTo, run, app } = await createApp(PLACEHOLDERS);
    const theirs = [
      '.old-uploads',
      '.new-theme',
      `.new-${randomUUID()}`,
      `.old-photos~1@pc`,
      `.old-${randomUUID()}~1@pc of Ann`,
      'a'.repeat(32),
      'b'.repeat(32),
    ].map((name) => join(writeTo, name));
    const left = join(writeTo, `.new-${randomUUID()}~1@another-machine`);
    for (const folder of [...theirs, left]) {
      await mkdir(join(folder, 'users'), { recursive: true });
      await writeFile(join(folder, 'photo.jpg'), '');
      await utimes(folder, 0, 0);
    }
    await mkdir(join(writeTo, 'b'.repeat(32), 'app'));
    await writeFile(join(writeTo, 'b'.repeat(32), 'files.json'), '[]');
    await app.write('zarpe.placeholders.json.new', 'theirs');
    expect((await run({}, ['find-placeholders'])).code).toBe(0);
    expect((await run({ NEXT_PUBLIC_API: 'https://api.example' })).code).toBe(0);
    for (const folder of theirs) expect(await readdir(folder)).toContain('photo.jpg');
    expect(await readdir(writeTo)).not.toContain(basename(left));
    expect(await readFile(app.path('zarpe.placeholders.json.new'), 'utf8')).toBe('theirs');
  });

  test.each([
    ['cut short', (copy: string) => truncate(join(copy, 'server.js'), 10)],
    ['gone', (copy: string) => rm(join(copy, SCRIPT))],
    ['a link that is gone', (copy: string) => rm(join(copy, 'node_modules'))],
    ['all users gone', (copy: string) => rm(join(copy, '../users'), { recursive: true })],
  ])('are served whole where a part of an earlier copy is lost: %s', async (_, damage) => {
    const { app, run, copies } = await createApp(PLACEHOLDERS);
    const env = { NEXT_PUBLIC_API: 'https://one.example' };
    await run(env);
    const [copy = ''] = await copies();
    await damage(copy);
    const { code, stderr } = await run(env);
    expect(code, stderr).toBe(0);
    expect(await copies()).toEqual([copy]);
    expect(await readFile(join(copy, 'server.js'))).toEqual(await readFile(app.path('server.js')));
    expect(await readFile(join(copy, SCRIPT), 'utf8')).toContain('https://one.example');
    expect(await readlink(join(copy, 'node_modules'))).toBe(app.path('node_modules'));
    expect(await readdir(join(copy, '../users'))).not.toEqual([]);
  });

  test('stay as the server has written its pages anew', async () => {
    const { run, read, copies } = await createApp(PLACEHOLDERS);
    const env = { NEXT_PUBLIC_API: 'https://one.example' };
    await run(env);
    const [copy = ''] = await copies();
    await writeFile(join(copy, '.next/server/app/index.html'), 'anew');
    expect(said((await run(env)).logs).at(-1)).toContain('an earlier start put');
    expect(await read('.next/server/app/index.html')).toBe('anew');
  });

  test('lie in pages that the server may write anew, also where the image has them read-only', async () => {
    const { app, run, copies } = await createApp(PLACEHOLDERS, {
      files: { '.next/server/app/plain.html': '<!DOCTYPE html>' },
    });
    const pages = ['plain', 'index'].map((name) => `.next/server/app/${name}.html`);
    for (const page of pages) await chmod(app.path(page), 0o444);
    await run({ NEXT_PUBLIC_API: 'https://one.example' });
    const [copy = ''] = await copies();
    for (const page of pages) expect((await stat(join(copy, page))).mode & 0o200).toBe(0o200);
  });

  test('are the same for replicas that start at once, in one folder', async () => {
    const { run, copies, read } = await createApp(PLACEHOLDERS);
    const results = await Promise.all(
      Array.from({ length: 4 }, () => run({ NEXT_PUBLIC_API: 'https://api.example' })),
    );
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await copies()).toHaveLength(1);
    expect(await read(SCRIPT)).toContain('https://api.example');
  });

  test('are put where links of the build lead, but into no packages and nothing outside of the app', async () => {
    const { app, run, read, copies } = await createApp(PLACEHOLDERS);
    const outside = join(await createFolder('outside'), 'a.js');
    const files = [app.path('shared/robots.txt'), app.path('shared/more/a.js'), outside];
    await mkdir(app.path('shared/more'), { recursive: true });
    for (const file of files) await writeFile(file, `"${API}"`);
    await app.write('node_modules/pkg/a.js', `"${API}"`);
    await symlink('../shared/robots.txt', app.path('public/linked.txt'));
    await symlink('../shared/more', app.path('public/more'));
    await symlink('../../public', app.path('shared/more/back'));
    await symlink('../node_modules/pkg', app.path('public/pkg'));
    await symlink('nowhere', app.path('public/broken'));
    await symlink(outside, app.path('public/outside.js'));
    for (const args of [['find-placeholders'], []]) {
      const { code, stderr } = await run({ NEXT_PUBLIC_API: 'https://api.example' }, args);
      expect(code, stderr).toBe(0);
    }
    for (const path of ['public/linked.txt', 'public/more/a.js'])
      expect(await read(path)).toBe('"https://api.example"');
    for (const path of ['public/pkg/a.js', 'public/outside.js']) expect(await read(path)).toBe(`"${API}"`);
    expect(await copies()).toHaveLength(1);
    for (const file of files) expect(await readFile(file, 'utf8')).toBe(`"${API}"`);
  });

  test('come from a prefix, a default, or a file too', async () => {
    const { app, run, read, writeTo } = await createApp({});
    const configure = (config: object) => app.write('zarpe.config.json', JSON.stringify(config));
    await configure({ runtimeValues: { writeTo, placeholders: ['NEXT_PUBLIC_*'] } });
    await run({ NEXT_PUBLIC_API: 'https://prefix.example' });
    expect(await read(SCRIPT)).toContain('https://prefix.example');
    const variables = { NEXT_PUBLIC_API: 'https://default.example' };
    await configure({ variables, runtimeValues: { writeTo, ...PLACEHOLDERS } });
    await run();
    expect(await read(SCRIPT)).toContain('https://default.example');
    await app.write('api-url', 'https://file.example\n');
    await run({ NEXT_PUBLIC_API_FILE: app.path('api-url') });
    expect(await read(SCRIPT)).toContain('"https://file.example/v1"');
  });

  test('stand in no compressed copy that was made before', async () => {
    const files = { [`${SCRIPT}.gz`]: 'old', [`${SCRIPT}.br`]: 'old', 'public/robots.txt.gz': 'new' };
    const { run, copies } = await createApp(PLACEHOLDERS, { files });
    await run({ NEXT_PUBLIC_API: 'https://api.example' });
    const [copy = ''] = await copies();
    expect((await readdir(join(copy, '.next/static/chunks'))).sort()).toEqual(
      ['app-1a2b.js', 'main.js', 'other.js'].sort(),
    );
    expect(await readdir(join(copy, 'public'))).toContain('robots.txt.gz');
  });

  test('are put into a build that lies outside of the app folder', async () => {
    const { app } = await createApp({});
    const { run, read } = await createApp(PLACEHOLDERS);
    const { code, logs } = await run({
      NEXT_PUBLIC_API: 'https://api.example',
      ENTRYPOINT_SERVER: app.path('server.js'),
    });
    expect(code, JSON.stringify(logs.at(-1))).toBe(0);
    expect(await read(SCRIPT)).toContain('https://api.example');
  });

  test('are given to the browser as a script, without the secrets', async () => {
    const section = { browserEnv: { names: ['NEXT_PUBLIC_*', 'REGION'] } };
    const { run, read, copies, app } = await createApp(section, {
      files: { [SCRIPT]: '', 'public/style.css': '' },
    });
    const env = { NEXT_PUBLIC_A: '</script>\u2028', NEXT_PUBLIC_B: `"'$&`, REGION: 'eu', OTHER: 'no' };
    expect((await run(env)).code).toBe(0);
    const script = await read('public/__ENV.js');
    expect(script).not.toMatch(/[<\u2028]/);
    const window: Record<string, unknown> = {};
    new Function('window', script)(window);
    const { OTHER: _, ...given } = env;
    expect(window).toEqual({ __ENV: given });
    const [copy = ''] = await copies();
    expect(await readlink(join(copy, '.next'))).toBe(app.path('.next'));
  });
});

const DAY_MS = 86_400_000;

describe('a copy that a process of another container may serve', () => {
  test.each([
    ['stays while its mark is young', 29 * DAY_MS, 2],
    ['is removed once nobody has renewed its mark for 30 days', 31 * DAY_MS, 1],
  ])('%s', async (_, ago, left) => {
    const { run, copies, moveElsewhere } = await createApp(PLACEHOLDERS);
    await run({ NEXT_PUBLIC_API: 'https://one.example' });
    await moveElsewhere(ago);
    expect((await run({ NEXT_PUBLIC_API: 'https://two.example' })).code).toBe(0);
    expect(await copies()).toHaveLength(left);
  });

  const node = findNode(24);
  test.skipIf(node === undefined)('stays at any age if the server has replaced Zarpe', async () => {
    const { runOn, copies, moveElsewhere } = await createApp(PLACEHOLDERS);
    const env = { ENTRYPOINT_HANDOVER: 'exec' };
    await runOn(node, { ...env, NEXT_PUBLIC_API: 'https://one.example' });
    await moveElsewhere(400 * DAY_MS);
    for (const handover of ['exec', 'spawn'])
      expect(
        (await runOn(node, { ENTRYPOINT_HANDOVER: handover, NEXT_PUBLIC_API: 'https://two.example' })).code,
      ).toBe(0);
    expect(await copies()).toHaveLength(2);
    await runOn(node, { ...env, NEXT_PUBLIC_API: 'https://one.example' });
    expect(await copies()).toHaveLength(1);
  });

  test('has a mark that is renewed every day while the server is supervised', async () => {
    const { start, copies } = await createApp(PLACEHOLDERS, { server: 'polite' });
    const boot = await start({ NEXT_PUBLIC_API: 'https://api.example' }, ['--import', DAYS_ARE_SHORT]);
    await boot.waitForServer();
    const users = join((await copies())[0] ?? '', '../users');
    const [mark = ''] = await readdir(users);
    await utimes(join(users, mark), 0, 0);
    await expect.poll(async () => (await stat(join(users, mark))).mtimeMs).toBeGreaterThan(0);
    boot.kill('SIGTERM');
    expect((await boot.exit).code).toBe(143);
  });
});

const DAYS_ARE_SHORT = `data:text/javascript,${encodeURIComponent(`
  const { setInterval } = globalThis;
  globalThis.setInterval = (run, ms, ...rest) => setInterval(run, ms === ${DAY_MS} ? 5 : ms, ...rest);
`)}`;

describe('a list made while the image is built', () => {
  test('lets a start read only what has placeholders', async () => {
    const { app, run, read } = await createApp(PLACEHOLDERS);
    const { code, logs } = await run({}, ['find-placeholders']);
    expect(code).toBe(0);
    expect(said(logs).at(-1)).toMatch(/placeholders of NEXT_PUBLIC_API in 5 of \d+ files/);
    const started = await run({ NEXT_PUBLIC_API: 'https://api.example' });
    expect(said(started.logs)).toEqual([expect.stringContaining('put 1 value in 5 files')]);
    expect(await read(SCRIPT)).toContain('https://api.example');
    await app.remove('zarpe.placeholders.json');
    expect(said((await run({ NEXT_PUBLIC_API: 'https://api.example' })).logs)[0]).toContain(
      'find-placeholders',
    );
  });

  test.each([
    ['a file that was added', { 'public/late.js': `let u="${API}"` }],
    ['a file that was changed', { [SCRIPT]: BUILD[SCRIPT]?.replace('/v1', '/v2') ?? '' }],
  ])('is not used for another build: %s', async (_, files) => {
    const { app, run, read } = await createApp(PLACEHOLDERS);
    await run({}, ['find-placeholders']);
    for (const [path, text] of Object.entries(files)) await app.write(path, text);
    const { logs } = await run({ NEXT_PUBLIC_API: 'https://api.example' });
    expect(said(logs)[0]).toContain('is of another build');
    for (const path of Object.keys(files)) expect(await read(path)).toContain('https://api.example');
  });
});

describe('a start is refused', () => {
  test('for a value that is missing, or that its place cannot hold', async () => {
    const files = { 'public/code.js': 'let f=new Function("return __NEXT_PUBLIC_LIMIT__+\'\'")' };
    const { run, copies } = await createApp({ placeholders: ['NEXT_PUBLIC_*'] }, { files });
    const { code, logs, stderr } = await run({ NEXT_PUBLIC_LIMIT: '1; alert(1)' });
    expect(code, stderr).toBe(78);
    expect(logs.at(-1)?.error).toMatchObject({ code: 'CONFIG_INVALID' });
    const what = JSON.stringify(logs.at(-1));
    expect(what).toContain('NEXT_PUBLIC_API');
    expect(what).toContain('NEXT_PUBLIC_LIMIT');
    expect(what).not.toContain('alert');
    expect(await copies()).toEqual([]);
  });

  test('for half of a character, also where it would stand in a URL', async () => {
    const text = 'https://base.invalid/x';
    const files = { 'public/a.js': `let u="/login?to=${encodeURIComponent(text)}"` };
    const section = { placeholders: [{ name: 'NEXT_PUBLIC_BASE', text }, 'NEXT_PUBLIC_API'] };
    const { app, writeTo, run } = await createApp(section, { files });
    const runtimeValues = { writeTo, ...section };
    const variables = { NEXT_PUBLIC_BASE: '\ud800', NEXT_PUBLIC_API: 'a' };
    await app.write('zarpe.config.json', JSON.stringify({ variables, runtimeValues }));
    const { code, logs } = await run();
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
    expect(logs.at(-1)?.msg).toContain('half of a surrogate pair');
  });

  test('for a placeholder that nobody declared', async () => {
    const { run } = await createApp(PLACEHOLDERS, {
      files: { 'public/a.js': 'let u="__NEXT_PUBLIC_OTHER__"' },
    });
    const { code, logs } = await run({ NEXT_PUBLIC_API: 'https://api.example' });
    expect(code).toBe(66);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'PLACEHOLDER_UNFILLABLE' } });
    expect(logs.at(-1)?.msg).toContain('__NEXT_PUBLIC_OTHER__');
  });

  test('for a script that the browser compares with a hash', async () => {
    const manifest = { [SCRIPT.replace('.next/', '')]: 'sha256-x' };
    const files = { '.next/server/subresource-integrity-manifest.json': JSON.stringify(manifest) };
    const { run } = await createApp(PLACEHOLDERS, { files });
    const { code, logs } = await run({ NEXT_PUBLIC_API: 'https://api.example' });
    expect(code).toBe(66);
    expect(logs.at(-1)?.msg).toContain('experimental.sri');
  });

  test('where nothing can be written, with what to mount', async () => {
    const { app, run } = await createApp({});
    await app.write('taken', '');
    const runtimeValues = { ...PLACEHOLDERS, writeTo: 'taken' };
    await app.write('zarpe.config.json', JSON.stringify({ runtimeValues }));
    const { code, logs } = await run({ NEXT_PUBLIC_API: 'https://api.example' });
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'RUNTIME_VALUES_UNWRITABLE' } });
    expect(logs.at(-1)?.msg).toContain('--tmpfs');
  });

  test('for a secret, which would be read in the browser', async () => {
    const { run } = await createApp({
      placeholders: ['AUTH_SECRET'],
      browserEnv: { names: ['DB_PASSWORD'] },
    });
    const { code, logs } = await run();
    expect(code).toBe(78);
    expect(logs.at(-1)?.msg).toContain('runtimeValues.placeholders[0]');
    expect(logs.at(-1)?.msg).toContain('runtimeValues.browserEnv.names[0]');
  });
});

test.each([
  [
    'a connection string',
    { DATABASE_HOST: 'h' },
    'DATABASE_*',
    'DATABASE_URL, a value that holds a connection',
  ],
  [
    'a URL with a password',
    { REDIS_URL: 'redis://:pw@h' },
    'REDIS_*',
    'REDIS_URL, a value that holds a password',
  ],
  [
    'its parameter',
    { BUS: 'Endpoint=sb://h;SharedAccessKey=a1b2c3d4' },
    'BUS',
    'BUS, a value that holds a password',
  ],
])('%s is not given to the browser', async (_, env, name, message) => {
  for (const section of [{ browserEnv: { names: [name] } }, { placeholders: [name] }])
    for (const more of [{}, { ENTRYPOINT_DATABASE: 'off' }]) {
      const { run, copies } = await createApp(section);
      const { code, logs } = await run({ ...env, ...more });
      expect(code).toBe(78);
      expect(logs.at(-1)).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
      expect(logs.at(-1)?.msg).toContain(message);
      expect(await copies()).toEqual([]);
    }
});

test('what Next.js publishes anyway is given to the browser, with a key in it', async () => {
  const { run, read } = await createApp(
    { browserEnv: { names: ['NEXT_PUBLIC_*', 'REGION'] } },
    { files: Object.fromEntries(Object.keys(BUILD).map((path) => [path, '{}'])) },
  );
  const env = {
    NEXT_PUBLIC_SENTRY_DSN: 'https://key@host/1',
    REGION: 'eu',
    ENTRYPOINT_REQUIRE_ENV: 'REGION',
  };
  expect((await run(env)).code).toBe(0);
  expect(await read('public/__ENV.js')).toContain(
    '"NEXT_PUBLIC_SENTRY_DSN":"https://key@host/1","REGION":"eu"',
  );
});

test('a value that is made of a secret is refused', async () => {
  const { app, run } = await createApp({});
  const variables = { NEXT_PUBLIC_API: 'https://${SMTP_PASSWORD}@api.example' };
  await app.write('zarpe.config.json', JSON.stringify({ variables, runtimeValues: PLACEHOLDERS }));
  const { code, logs } = await run({ SMTP_PASSWORD: 'correct-horse-battery' });
  expect(code).toBe(78);
  expect(logs.at(-1)?.msg).toContain('the secret of another variable');
});

test('a folder that would hold itself is refused', async () => {
  const { app, run } = await createApp({});
  const runtimeValues = { ...PLACEHOLDERS, writeTo: '.next/values' };
  await app.write('zarpe.config.json', JSON.stringify({ runtimeValues }));
  const { code, logs } = await run({ NEXT_PUBLIC_API: 'https://api.example' });
  expect(code).toBe(78);
  expect(logs.at(-1)?.msg).toContain('runtimeValues.writeTo');
});

describe.skipIf(process.getuid?.() !== 0)('a user that owns nothing', () => {
  const env = { NEXT_PUBLIC_API: 'https://api.example' };
  const uid = 4711;

  test('needs one folder to write to, and nothing in the image', async () => {
    const { app, writeTo, runAs, read } = await createApp(PLACEHOLDERS);
    await chmod(writeTo, 0o777);
    expect((await runAs(uid, env)).code).toBe(0);
    expect(await read(SCRIPT)).toContain('https://api.example');
    expect((await runAs(uid, env)).code).toBe(0);
    expect((await runAs(uid + 1, env)).logs.at(-1)?.msg).toContain('belongs to another user');
    for (const [path, text] of Object.entries(BUILD))
      expect(await readFile(app.path(path), 'utf8')).toBe(text);
  });

  test('without one is told what to mount', async () => {
    const { runAs, writeTo } = await createApp(PLACEHOLDERS);
    await chmod(writeTo, 0o755);
    const { code, logs } = await runAs(uid, env);
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'RUNTIME_VALUES_UNWRITABLE' } });
    expect(logs.at(-1)?.msg).toContain(`uid ${uid} can write to (docker run --tmpfs ${writeTo}`);
    expect((await runAs(uid, env, ['check'])).stdout).toContain(`--tmpfs ${writeTo}`);
  });

  test.each([
    ['a file with a placeholder', SCRIPT, []],
    ['a file with a placeholder that is listed', SCRIPT, ['find-placeholders']],
    ['code of the server', '.next/server/app/code.js', ['find-placeholders']],
    ['a folder', '.next/server/app', []],
  ])('is told which part of the build it may not read: %s', async (_, path, list) => {
    const files = { '.next/server/app/code.js': 'module.exports=1' };
    const { app, writeTo, run, runAs, copies } = await createApp(PLACEHOLDERS, { files });
    await chmod(writeTo, 0o777);
    if (list.length > 0) await run({}, list);
    await chmod(app.path(path), 0o600);
    const { code, logs } = await runAs(uid, env);
    expect(code).toBe(66);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'BUILD_INCOMPLETE' } });
    expect(logs.at(-1)?.msg).toContain(app.path(path));
    expect(logs.at(-1)?.msg).toContain(`uid ${uid}`);
    const checked = await runAs(uid, env, ['check']);
    expect(checked.code).toBe(66);
    expect(checked.stdout).toContain(app.path(path));
    expect(await copies()).toEqual([]);
  });

  test('is told to list the placeholders before USER', async () => {
    const { app, runAs } = await createApp(PLACEHOLDERS);
    const { code, logs } = await runAs(uid, {}, ['find-placeholders']);
    expect(code).toBe(78);
    expect(logs.at(-1)).toMatchObject({ error: { code: 'RUNTIME_VALUES_UNWRITABLE' } });
    expect(logs.at(-1)?.msg).toContain('before USER');
    expect((await readdir(app.dir)).join()).not.toContain('zarpe.placeholders.json');
  });

  test('is refused a folder of another user, who could replace what is served, by a link too', async () => {
    const { app, writeTo, run, runAs, copies } = await createApp(PLACEHOLDERS);
    await chmod(writeTo, 0o777);
    await chown(writeTo, uid + 1, uid + 1);
    for (const start of [(args: string[]) => runAs(uid, env, args), (args: string[]) => run(env, args)]) {
      const { code, logs } = await start([]);
      expect(code).toBe(78);
      expect(logs.at(-1)).toMatchObject({ error: { code: 'RUNTIME_VALUES_UNWRITABLE' } });
      expect(logs.at(-1)?.msg).toContain(`${writeTo} belongs to another user (uid ${uid + 1})`);
      expect((await start(['check'])).stdout).toContain('belongs to another user');
    }
    const link = app.path('link');
    await symlink(writeTo, link);
    const runtimeValues = { ...PLACEHOLDERS, writeTo: link };
    await app.write('zarpe.config.json', JSON.stringify({ runtimeValues }));
    expect((await runAs(uid, env)).code).toBe(78);
    expect(await copies()).toEqual([]);
  });

  test('is warned of a folder in which everybody may rename, and lets what others have there stay', async () => {
    const { writeTo, run, runAs } = await createApp(PLACEHOLDERS);
    await chmod(writeTo, 0o777);
    const theirs = [`.new-${randomUUID()}~1@y`, 'a'.repeat(32)].map((name) => join(writeTo, name));
    for (const folder of theirs) {
      await mkdir(join(folder, 'users'), { recursive: true });
      for (const path of [join(folder, 'users'), folder]) {
        await chown(path, uid + 1, uid + 1);
        await chmod(path, 0o777);
        await utimes(path, 0, 0);
      }
    }
    const { code, logs } = await runAs(uid, env);
    expect(code).toBe(0);
    expect(said(logs).join()).toContain(`every user may replace what is in ${writeTo}`);
    expect((await runAs(uid, env, ['check'])).stdout).toContain('every user may replace');
    expect((await run(env)).logs.at(-1)?.msg).toContain('belongs to another user');
    for (const folder of theirs) expect(await readdir(folder)).toEqual(['users']);
    await chmod(writeTo, 0o1777);
    expect(said((await runAs(uid, env)).logs).join()).not.toContain('every user may');
  });

  test('writes what nobody else may change, whatever the umask', async () => {
    const { app, writeTo, run } = await createApp(PLACEHOLDERS);
    const runtimeValues = { ...PLACEHOLDERS, writeTo: join(writeTo, 'new') };
    await app.write('zarpe.config.json', JSON.stringify({ runtimeValues }));
    const umask = process.umask(0);
    try {
      expect((await run(env)).code).toBe(0);
    } finally {
      process.umask(umask);
    }
    const [copy = ''] = await readdir(join(writeTo, 'new'));
    expect((await stat(join(writeTo, 'new'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(writeTo, 'new', copy))).mode & 0o777).toBe(0o700);
  });
});

test('explain shows what is put where, and no value', async () => {
  const { run } = await createApp({
    placeholders: ['NEXT_PUBLIC_API', 'NEXT_PUBLIC_*'],
    browserEnv: { names: ['A'] },
  });
  const { stdout } = await run({ NEXT_PUBLIC_API: 'https://api.example' }, ['explain']);
  expect(stdout).toContain('NEXT_PUBLIC_API for __NEXT_PUBLIC_API__\n');
  expect(stdout).toContain('A in public/__ENV.js');
  expect(stdout).not.toContain('api.example');
});

test('the check does all of it, and writes nothing', async () => {
  const { app, run, copies } = await createApp(PLACEHOLDERS);
  const { code, stdout } = await run({ NEXT_PUBLIC_API: 'https://api.example' }, ['check']);
  expect(code, stdout).toBe(0);
  expect(stdout).toContain('the boot would put 1 value into 5 files');
  expect(await copies()).toEqual([]);
  expect((await run({}, ['check'])).code).toBe(78);
  await writeFile(app.path('public/b.js'), 'let u="__NEXT_PUBLIC_OTHER__"');
  expect((await run({ NEXT_PUBLIC_API: 'https://api.example' }, ['check'])).code).toBe(66);
  await rm(app.path('public/b.js'));
});
