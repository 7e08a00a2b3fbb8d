import { describe, expect, test } from 'vitest';
import { startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

async function start(seed: string, env: Record<string, string> = {}) {
  const app = await createStandalone({ packageType: 'commonjs', files: { 'seed.js': seed } });
  const database = await createDatabase();
  return startBundle({ dir: app.dir, env: { DATABASE_URL: database.url, ...env } });
}

/** Starts a program in a session of its own that ignores TERM and has none of our output, and another one from there. */
const DETACHED = `
  const { spawn } = require('node:child_process');
  const CHILD = \`
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 60_000);
    if (process.argv[1] === 'again') {
      const options = { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true };
      require('node:child_process').spawn(process.execPath, process.execArgv, options)
        .once('message', () => process.send('ready'));
    } else process.send('ready');
  \`;
  const options = { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], detached: true };
  const child = spawn(process.execPath, ['-e', CHILD, 'again'], options);
  child.once('message', () => console.log('detached'));
  setInterval(() => undefined, 60_000);
`;

describe('what a seed has started in sessions of its own', () => {
  test('is ended with it when its time is over', async () => {
    const boot = await start(DETACHED, { ENTRYPOINT_SEED_TIMEOUT: '2s' });
    await boot.waitForLog({ event: 'output', msg: 'detached' });
    expect(boot.processes()).toHaveLength(4);
    expect(await boot.exit).toMatchObject({ code: 73 });
    expect(boot.processes()).toEqual([]);
  });

  test('is ended with it by a signal', async () => {
    const boot = await start(DETACHED);
    await boot.waitForLog({ event: 'output', msg: 'detached' });
    boot.kill();
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(boot.processes()).toEqual([]);
  });

  test('is ended with it when it fails', async () => {
    const boot = await start(DETACHED.replace("console.log('detached')", 'process.exit(1)'));
    expect(await boot.exit).toMatchObject({ code: 73 });
    expect(boot.processes()).toEqual([]);
  });

  test('is left alone when the seed ends with 0, and named', async () => {
    const boot = await start(DETACHED.replace("console.log('detached')", 'process.exit(0)'));
    const { msg } = await boot.waitForLog({ event: 'survived' });
    const left = boot.processes().filter(({ command }) => command.includes('again'));
    expect(left).toHaveLength(2);
    for (const { pid } of left) expect(msg).toContain(String(pid));
    await boot.killAll();
  });
});

describe('the output of a seed', () => {
  test('may have a line without end, of which the log has the beginning', async () => {
    const boot = await start(`
      const { writeSync } = require('node:fs');
      const megabyte = Buffer.alloc(1_000_000, 'x');
      for (let count = 0; count < 600; count += 1)
        for (let at = 0; at < megabyte.length; ) at += writeSync(1, megabyte, at);
      writeSync(1, '\\nthe end');
      process.exitCode = 1;
    `);
    const failure = await boot.waitForLog({ event: 'failed' });
    expect(await boot.exit).toMatchObject({ code: 73 });
    const cut = expect.stringMatching(/^x{16384}… \[cut at 16384 characters\]$/);
    expect(boot.logs.filter(({ event }) => event === 'output').map(({ msg }) => msg)).toEqual([
      cut,
      'the end',
    ]);
    expect(failure.error).toMatchObject({ problems: [{ details: [cut, 'the end'] }] });
  });

  test('may have a million lines, of which the failure has the last twenty', async () => {
    const boot = await start(
      `
      const lines = Array.from({ length: 10_000 }, (_, at) => 'line ' + at).join('\\n') + '\\n';
      const write = (count) => {
        if (count > 0) process.stdout.write(lines, () => write(count - 1));
        else process.kill(process.pid, 'SIGSEGV');
      };
      write(100);
    `,
      { LOG_LEVEL: 'warn' },
    );
    const { error } = await boot.waitForLog({ event: 'failed' });
    const last = Array.from({ length: 20 }, (_, at) => `line ${9980 + at}`);
    expect(error).toMatchObject({
      problems: [{ details: last, message: expect.stringContaining('was killed by SIGSEGV') }],
    });
    expect(await boot.exit).toMatchObject({ code: 73 });
  });

  test('keeps a secret that lies where a line is cut', async () => {
    const secret = 'S3cret-of-the-seed-that-nobody-sees';
    const boot = await start(
      `
      for (let before = 16_340; before < 16_390; before += 7) console.log('x'.repeat(before) + process.env.API_TOKEN);
      for (let before = 65_500; before < 65_540; before += 7) console.log('x'.repeat(before) + process.env.API_TOKEN);
      process.exit(1);
    `,
      { API_TOKEN: secret },
    );
    expect(await boot.exit).toMatchObject({ code: 73 });
    expect(boot.stdout).not.toMatch(/S3c/);
  });
});
