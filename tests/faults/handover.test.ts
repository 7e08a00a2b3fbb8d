import { expect, test } from 'vitest';
import { startBundle } from '../helpers/bundle.ts';
import { findNode } from '../helpers/node-versions.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

const node = findNode(24);

test.skipIf(node === undefined)(
  'TERM just before the server replaces Zarpe ends the boot with 143',
  async () => {
    const app = await createFaultyApp({ server: 'crashing' });
    const env = {
      ENTRYPOINT_DATABASE: 'off',
      ENTRYPOINT_HANDOVER: 'exec',
      FIXTURE_EXIT_CODE: '0',
      ZARPE_FAULT: 'hold:server:before:1',
    };
    const boot = await startBundle({ dir: app.dir, node, env, stdin: 'pipe' });
    await boot.waitForLine(/"fault":"server:before"/);
    boot.kill('SIGTERM');
    boot.stdin?.write('x');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(boot.logs.at(-1)).toMatchObject({ step: 'server', event: 'shutdown', signal: 'SIGTERM' });
  },
);
