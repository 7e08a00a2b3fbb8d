import { chmod, copyFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { startBundle } from '../../helpers/bundle.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** Becomes root for good: whoever started it may not signal it any more. */
const AS_ROOT = `./as-root -e "process.setuid(0);console.log('as root');setInterval(()=>{},1000)"`;

/** Zarpe as a user, whose app has a program that runs as root. */
async function start(env: Record<string, string>, hooks = {}) {
  const files = { 'zarpe.config.json': JSON.stringify({ hooks }) };
  const app = await createStandalone({ server: 'crashing', packageType: 'none', files });
  await copyFile(process.execPath, app.path('as-root'));
  await chmod(app.path('as-root'), 0o4755);
  return startBundle({ dir: app.dir, uid: 4711, env: { ENTRYPOINT_DATABASE: 'off', ...env } });
}

describe.skipIf(process.getuid?.() !== 0)('a program that Zarpe may not signal', () => {
  test('ends the boot with 76 when it is a hook whose time is over, and is named', async () => {
    const boot = await start({}, { beforeServer: [{ command: AS_ROOT, timeout: '3s' }] });
    await boot.waitForLog({ event: 'output', msg: 'as root' });
    const hook = boot.processes().find(({ command }) => command.startsWith('./as-root'));
    const { msg } = await boot.waitForLog({ event: 'survived' });
    expect(msg).toBe(`could not kill what the hook beforeServer[0] has started: process ${hook?.pid}`);
    expect(await boot.exit).toMatchObject({ code: 76 });
  });

  test('ends the boot with 143 on TERM when it is the server, with a warning for each signal that it missed', async () => {
    const boot = await start({ ENTRYPOINT_SERVER_COMMAND: AS_ROOT, ENTRYPOINT_SHUTDOWN_TIMEOUT: '100ms' });
    await boot.waitForLine(/^as root$/);
    const { pid } = await boot.waitForLog({ event: 'running' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    const missed = boot.logs.filter(({ event }) => event === 'unsignalled');
    expect(missed).toHaveLength(2);
    expect(missed[0]).toMatchObject({ level: 'warn', step: 'server', pid });
    expect(boot.logs).toContainEqual(expect.objectContaining({ event: 'survived', step: 'server' }));
    expect(boot.logs.filter(({ error }) => error !== undefined)).toEqual([]);
  });
});
