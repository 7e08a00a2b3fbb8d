import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { findNode } from '../../helpers/node-versions.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** Starts a program in a session of its own, and says when both run. */
const LASTING = `
const { spawn } = require('node:child_process');
const options = { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] };
spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); process.send(1); setInterval(() => {}, 1000)"], options)
  .once('message', () => console.log('lasting'));
`;
/** Takes the signal as a request to end in order. */
const OBEDIENT = `
setInterval(() => {}, 1000);
process.on('SIGTERM', () => { console.log('obeyed'); process.exit(0); });
console.log('lasting');
`;

/** Hears the signal and goes on. */
const DEAF = `
setInterval(() => {}, 1000);
process.on('SIGTERM', () => {});
console.log('lasting');
`;

const node24 = findNode(24);
const HANDOVERS = node24 === undefined ? ['spawn'] : ['spawn', 'exec'];
const HOOKS = {
  'before-migrate': (command: string) => ({ beforeMigrate: [{ command }] }),
  'after-migrate': (command: string) => ({ afterMigrate: [{ command }] }),
  'before-server, exclusive': (command: string) => ({ beforeServer: [{ command, exclusive: true }] }),
  'before-server': (command: string) => ({ beforeServer: [{ command }] }),
};
const CASES = HANDOVERS.flatMap((handover) =>
  Object.entries(HOOKS).map(([stage, hooksOf]) => ({ handover, stage, hooksOf })),
);

async function createApp(hooks: object) {
  const app = await createStandalone({
    server: 'crashing',
    packageType: 'none',
    files: {
      'lasting.js': LASTING,
      'obedient.js': OBEDIENT,
      'deaf.js': DEAF,
      'zarpe.config.json': JSON.stringify({ hooks }),
    },
  });
  const database = await createDatabase();
  return { app, env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' } };
}

test.each([
  ['hook', { beforeServer: [{ command: 'node deaf.js' }] }, {}],
  ['seed', {}, { ENTRYPOINT_SEED_COMMAND: 'node deaf.js' }],
])(
  'a %s that ignores TERM is killed after ENTRYPOINT_SHUTDOWN_TIMEOUT, and the boot ends with 143',
  async (step, hooks, more) => {
    const { app, env } = await createApp(hooks);
    const timeout = { ENTRYPOINT_SHUTDOWN_TIMEOUT: '100ms' };
    const boot = await startBundle({ dir: app.dir, env: { ...env, ...more, ...timeout } });
    await boot.waitForLog({ event: 'output', msg: 'lasting' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143, signal: null });
    expect(boot.logs.at(-1)).toMatchObject({ step, event: 'shutdown', signal: 'SIGTERM' });
    expect(boot.processes()).toEqual([]);
  },
);

describe.each(CASES)('TERM during a hook $stage, handover $handover', ({ handover, hooksOf }) => {
  const node = handover === 'exec' ? node24 : undefined;
  const more = { ENTRYPOINT_HANDOVER: handover };

  test('ends the boot with 143, with all that the hook has started, and the next start goes through', async () => {
    const { app, env } = await createApp(hooksOf('node lasting.js'));
    const boot = await startBundle({ dir: app.dir, node, env: { ...env, ...more } });
    await boot.waitForLog({ event: 'output', msg: 'lasting' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143, signal: null });
    expect(boot.logs.at(-1)).toMatchObject({ step: 'hook', event: 'shutdown', signal: 'SIGTERM' });
    expect(boot.processes()).toEqual([]);
    await app.write('zarpe.config.json', '{}');
    expect(await runBundle({ dir: app.dir, node, env: { ...env, ...more } })).toMatchObject({ code: 0 });
  });

  test('ends the boot before the server also where the hook ends with 0', async () => {
    const { app, env } = await createApp(hooksOf('node obedient.js'));
    const boot = await startBundle({ dir: app.dir, node, env: { ...env, ...more } });
    await boot.waitForLog({ event: 'output', msg: 'lasting' });
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143, signal: null });
    expect(boot.logs).toContainEqual(expect.objectContaining({ event: 'output', msg: 'obeyed' }));
    expect(boot.logs.some(({ step }) => step === 'server')).toBe(false);
  });
});

test.skipIf(node24 === undefined)(
  'a server that took over the process gets none of what is meant for hooks',
  async () => {
    const { app, env } = await createApp({ beforeServer: [{ command: ['node', '-e', 'console.log(1)'] }] });
    await app.write(
      'server.js',
      `console.log(JSON.stringify({ fixture: 'env', of: Object.keys(process.env).filter((name) => name.startsWith('ZARPE_') && !name.startsWith('ZARPE_TEST_')) }));\n`,
    );
    const { code, logs } = await runBundle({
      dir: app.dir,
      node: node24,
      env: { ...env, ENTRYPOINT_HANDOVER: 'exec' },
    });
    expect(code).toBe(0);
    expect(logs.find(({ fixture }) => fixture === 'env')).toMatchObject({
      of: [],
    });
  },
);
