import { chmod } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { findNode } from '../helpers/node-versions.ts';
import { freePort } from '../helpers/ports.ts';
import { createStandalone } from '../helpers/standalone.ts';

const node24 = findNode(24);

/** Leaves no file to open at the moment a socket is to be connected. */
const EXHAUST = `import { openSync } from 'node:fs';
import { Socket } from 'node:net';
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...given) {
  try { for (;;) openSync('/dev/null'); } catch {}
  return connect.apply(this, given);
};`;

async function run(
  options: { node?: string | undefined; nodeArgs?: string[]; args?: string[] },
  env: Record<string, string> = {},
) {
  const app = await createStandalone({ server: 'crashing' });
  const database = await createDatabase();
  const given = { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0', ...env };
  const { code, logs } = await runBundle({ dir: app.dir, env: given, ...options });
  return { code, error: logs.find(({ event }) => event === 'failed')?.error };
}

describe('where the machine or the flags of Node.js refuse what a boot needs', () => {
  test('too few open files end it as that, wherever they run out', async () => {
    const wrapper = await createStandalone();
    const codes = new Set<unknown>();
    for (const files of [19, 20, 21, 22, 23, 24, 26, 33]) {
      const node = wrapper.path(`node-${files}`);
      await wrapper.write(
        `node-${files}`,
        `#!/bin/sh\nulimit -n ${files}\nexec '${process.execPath}' "$@"\n`,
      );
      await chmod(node, 0o755);
      const runs = ['on', 'off'].map((preload) =>
        run({ node }, { ENTRYPOINT_PRELOAD: preload, ENTRYPOINT_DB_TIMEOUT: '500ms' }),
      );
      for (const { code, error } of await Promise.all(runs)) {
        codes.add(error?.code);
        expect([files, code, error?.code]).not.toEqual([files, 70, 'INTERNAL']);
      }
    }
    expect(codes).toContain('PLATFORM_UNSUITABLE');
    expect(codes).toContain(undefined);
  });

  test('no file left for the connection is that, and no refusal of the database', async () => {
    const { path, write } = await createStandalone();
    await write('node', `#!/bin/sh\nulimit -n 64\nexec '${process.execPath}' "$@"\n`);
    await chmod(path('node'), 0o755);
    await write('exhaust.mjs', EXHAUST);
    const nodeArgs = [`--import=${path('exhaust.mjs')}`];
    const { code, error } = await run({ node: path('node'), nodeArgs, args: ['migrate'] });
    expect([code, error]).toMatchObject([
      78,
      {
        code: 'PLATFORM_UNSUITABLE',
        problems: [{ message: expect.stringMatching(/^Too many open files: connect EMFILE/) }],
      },
    ]);
  });

  test('--jitless is named', async () => {
    const { code, error } = await run({ nodeArgs: ['--jitless'] });
    expect([code, error]).toMatchObject([
      78,
      { code: 'PLATFORM_UNSUITABLE', problems: [{ hint: expect.stringContaining('without --jitless') }] },
    ]);
  });

  test.skipIf(node24 === undefined)(
    '--permission is named, with the permission that is missing',
    async () => {
      const { code, error } = await run({ node: node24, nodeArgs: ['--permission', '--allow-fs-read=*'] });
      expect(code).toBe(78);
      expect(error).toMatchObject({
        code: 'PLATFORM_UNSUITABLE',
        problems: [{ message: 'Node.js denies the permission ChildProcess (ERR_ACCESS_DENIED)' }],
      });
    },
  );
});

test.each(['on', 'off'])(
  'the inspector of NODE_OPTIONS is the server’s (ENTRYPOINT_PRELOAD=%s)',
  async (preload) => {
    const app = await createStandalone();
    const database = await createDatabase();
    const port = await freePort();
    const env = { NODE_OPTIONS: `--inspect=127.0.0.1:${port}`, ENTRYPOINT_PRELOAD: preload };
    const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url, ...env } });
    await boot.waitForServer();
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      title: string;
    }[];
    expect(target?.title).toContain('server.js');
    expect(boot.stderr).not.toContain('address already in use');
  },
);
