import { describe, expect, test } from 'vitest';
import { startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone, type StandaloneOptions } from '../helpers/standalone.ts';

/** Makes USR2 a bug of the entrypoint's, and of nobody it starts. */
const BUG = `--import=data:text/javascript,${encodeURIComponent(`
  if (process.argv[1].endsWith('entrypoint.js')) process.on('SIGUSR2', () => { throw new Error('a bug') });
`)}`;

async function start(options: StandaloneOptions, env: Record<string, string> = {}, terminal = false) {
  const app = await createStandalone(options);
  const database = await createDatabase();
  return startBundle({
    dir: app.dir,
    terminal,
    nodeArgs: [BUG],
    env: { DATABASE_URL: database.url, ...env },
  });
}

describe('an internal error', () => {
  test('lets the server drain before it ends with 70', async () => {
    const boot = await start({ server: 'polite' });
    await boot.waitForServer();
    boot.kill('SIGUSR2');
    expect(await boot.exit).toMatchObject({ code: 70 });
    expect(boot.logs).toContainEqual(expect.objectContaining({ event: 'drained' }));
    expect(boot.logs).toContainEqual(
      expect.objectContaining({ error: expect.objectContaining({ code: 'INTERNAL' }) }),
    );
    expect(boot.processes()).toEqual([]);
  });

  test('kills a server that does not end', async () => {
    const boot = await start({ server: 'stubborn' });
    await boot.waitForServer();
    boot.kill('SIGUSR2');
    await boot.waitForLog({ event: 'ignored', signal: 'SIGTERM' });
    expect(await boot.exit).toMatchObject({ code: 70 });
    expect(boot.processes()).toEqual([]);
  });

  test('ends a seed with its whole group', async () => {
    const boot = await start({ seed: 'stubborn' });
    await boot.waitForLog({ fixture: 'stubborn', event: 'hanging' });
    boot.kill('SIGUSR2');
    await boot.waitForLog({ event: 'ignored', signal: 'SIGTERM' });
    expect(await boot.exit).toMatchObject({ code: 70 });
    expect(boot.processes()).toEqual([]);
  });

  test('while another failure is being reported ends the process at once, with the status of the first', async () => {
    const boot = await start({ omit: ['server.js'] }, { ENTRYPOINT_HOLD: '1h' });
    await boot.waitForLog({ event: 'held' });
    boot.kill('SIGUSR2');
    expect(await boot.exit).toMatchObject({ code: 66 });
  });
});

describe('a signal', () => {
  test('reaches a server that drains as often as it comes', async () => {
    const boot = await start({ server: 'recorder' });
    await boot.waitForServer();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM'] as const) {
      const seen = boot.logs.length;
      boot.kill(signal);
      await boot.waitForLog((log) => log.signal === signal && boot.logs.indexOf(log) >= seen);
    }
  });

  test('of the terminal reaches the server once', async () => {
    const boot = await start({ server: 'recorder' }, {}, true);
    await boot.waitForServer();
    // The terminal shows the key on the same line, so that it is no line of JSON.
    boot.stdin?.write('\x03');
    await boot.waitForLine(/"signal":"SIGINT"/);
    boot.stdin?.write('\x1c');
    await boot.waitForLine(/"signal":"SIGQUIT"/);
    await fetch(`http://127.0.0.1:${boot.port}/exit/7`);
    expect(await boot.exit).toMatchObject({ code: 7 });
    const signals = boot.lines.flatMap((line) => /"signal":"(SIG\w+)"/.exec(line)?.[1] ?? []);
    expect(signals).toEqual(['SIGINT', 'SIGQUIT']);
  });
});
