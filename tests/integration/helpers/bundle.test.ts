import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type BundleOptions, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { NODE_VERSIONS } from '../../helpers/node-versions.ts';
import { findSecrets, secretsOfEnvironment } from '../../helpers/secrets.ts';
import { createStandalone, type StandaloneOptions } from '../../helpers/standalone.ts';

/** In the place of the real one: starts the server in a session of its own, as the boot does with its seed. */
const STARTS_SERVER = `
  const { spawn } = process.getBuiltinModule('node:child_process');
  const server = spawn(process.execPath, ['server.js'], { stdio: 'inherit', detached: true });
  process.stdin.once('data', () => process.exit(3));
  server.once('exit', (code) => process.exit(code));
`;

async function start(program: string, options: Omit<BundleOptions, 'dir'> = {}, app: StandaloneOptions = {}) {
  const { dir } = await createStandalone({ ...app, files: { 'entrypoint.js': program } });
  return startBundle({ dir, ...options });
}

describe('startBundle', () => {
  test('gives a clean environment', async () => {
    const boot = await start('console.log(JSON.stringify({ names: Object.keys(process.env).sort() }))', {
      env: { GIVEN: 'yes', LOG_FORMAT: undefined },
    });
    const { names } = await boot.waitForLog(({ names }) => names !== undefined);
    expect(names).toEqual(['GIVEN', 'PATH', 'PORT', 'ZARPE_TEST_MARK']);
  });

  test('finds lines that came before they were asked for, and waits for those to come', async () => {
    const boot = await start(
      `
      console.log('{"step":"a","event":"end","durationMs":1}');
      process.stdin.once('data', () => { console.log('{"step":"b"}'); console.error('plain'); process.exit(4); });
    `,
      { stdin: 'pipe' },
    );
    await boot.waitForLog({ step: 'a' });
    expect(await boot.waitForLog({ step: 'a', event: 'end' })).toMatchObject({ durationMs: 1 });
    boot.stdin?.write('go\n');
    await boot.waitForLog((log) => log.step === 'b');
    await boot.waitForLine(/^plain$/);
    expect(await boot.exit).toMatchObject({ code: 4, signal: null });
    expect(boot).toMatchObject({ stderr: 'plain\n', logs: [{ step: 'a' }, { step: 'b' }] });
  });

  test('rejects a wait, with the output, when the process ends without the line', async () => {
    const boot = await start("console.log('the last words'); process.exit(5)");
    await expect(boot.waitForLine(/never said/)).rejects.toThrow(/the last words[\s\S]*code 5/);
    await expect(boot.waitForLog({ step: 'never' })).rejects.toThrow(/the last words/);
  });

  test('reports the signal that ended the process', async () => {
    const boot = await start("process.kill(process.pid, 'SIGKILL')");
    expect(await boot.exit).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  for (const parent of ['alive', 'gone']) {
    test(`finds and kills what was started in another session, its parent ${parent}`, async () => {
      const boot = await start(STARTS_SERVER, { stdin: 'pipe' }, { server: 'stubborn' });
      const { pid } = await boot.waitForServer();
      if (parent === 'gone') {
        boot.stdin?.write('leave\n');
        await boot.exit;
      }
      expect(boot.processes().map((found) => found.pid)).toContain(pid);
      await boot.killAll();
      expect(boot.processes()).toEqual([]);
    });
  }

  test('knows that the process has ended though a child of it holds its output open', async () => {
    const boot = await start(STARTS_SERVER, { stdin: 'pipe' }, { server: 'stubborn' });
    const { pid } = await boot.waitForServer();
    boot.stdin?.write('leave\n');
    expect(await boot.exit).toMatchObject({ code: 3 });
    expect(boot.processes()).toMatchObject([{ pid }]);
  });

  test('gives text as standard input, and ends it', async () => {
    const boot = await start('process.stdin.pipe(process.stdout)', { stdin: 'one\ntwo\n' });
    await boot.exit;
    expect(boot.stdout).toBe('one\ntwo\n');
  });

  test('runs on a terminal, where Ctrl-C is a key', async () => {
    const program = "console.log('terminal', process.stdin.isTTY); setInterval(() => undefined, 1000)";
    const boot = await start(program, { terminal: true });
    await boot.waitForLine(/terminal true/);
    boot.stdin?.write('\x03');
    expect(await boot.exit).toMatchObject({ code: 130 });
  });

  for (const { title, binary, major } of NODE_VERSIONS) {
    test.skipIf(binary === undefined)(`runs on ${title}, children too`, async () => {
      const program = `
        const { execFileSync } = process.getBuiltinModule('node:child_process');
        console.log(process.version, execFileSync('node', ['--version'], { encoding: 'utf8' }));
      `;
      const boot = await start(program, { node: binary });
      await boot.exit;
      expect(boot.stdout).toMatch(new RegExp(`^v${major}\\.\\S+ v${major}\\.\\S+\\s*$`));
    });
  }
});

describe('the check for secrets', () => {
  const PRINTS: Record<string, (url: string, password: string) => string> = {
    'in a URL': (url) => `cannot reach ${url}`,
    'as it is': (_, password) => password,
    'in JSON': (_, password) => JSON.stringify({ password }),
    'as JavaScript shows it': (_, password) => inspect({ password }),
    'cut off at the first @': (_, password) => `no such host ${password.split('@')[0]}`,
    'from the last @ on': (_, password) => `no such host ${password.split('@').at(-1)}`,
  };
  for (const [how, print] of Object.entries(PRINTS)) {
    test(`finds the database password ${how}`, async () => {
      const { url, password } = await createDatabase();
      expect(findSecrets(print(url, password))).toEqual(['the database password']);
    });
  }

  test('finds what the environment calls a secret, percent-encoded too', () => {
    const secrets = secretsOfEnvironment({
      JWT_SECRET: 'a b c d e f g h i j',
      ALERT_WEBHOOK: 'https://example.org/hooks/T0123',
      DATABASE_URL: 'postgresql://me:correct%20horse@host/db',
    });
    expect(findSecrets('a%20b%20c%20d%20e%20f%20g%20h%20i%20j', secrets)).toEqual(['JWT_SECRET']);
    expect(findSecrets('posting to https://example.org/hooks/T0123', secrets)).toEqual(['ALERT_WEBHOOK']);
    expect(findSecrets('as correct horse', secrets)).toEqual(['the password in DATABASE_URL']);
    expect(findSecrets('JWT_SECRET: a 19-character value', secrets)).toEqual([]);
  });

  test('looks at the command lines of what still runs', async () => {
    const { url } = await createDatabase();
    const program = `
      const { spawn } = process.getBuiltinModule('node:child_process');
      spawn(process.execPath, ['-e', 'console.log("up"); setInterval(() => undefined, 1000)', process.env.URL], {
        stdio: 'inherit',
      });
    `;
    const boot = await start(program, { env: { URL: url } });
    await boot.waitForLine(/up/);
    expect(() => boot.checkSecrets()).toThrow(/the database password/);
    await boot.killAll();
    boot.checkSecrets();
  });
});
