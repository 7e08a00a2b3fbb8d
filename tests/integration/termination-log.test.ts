import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { createStandalone } from '../helpers/standalone.ts';

test.each(['a named pipe', 'a device', 'a folder', 'nothing'])(
  'a termination log that is %s holds up no end',
  async (kind) => {
    const app = await createStandalone();
    const paths = {
      'a named pipe': app.path('pipe'),
      'a device': '/dev/ptmx',
      'a folder': app.path('public'),
    };
    execFileSync('mkfifo', [app.path('pipe')]);
    const ENTRYPOINT_TERMINATION_LOG = { ...paths, nothing: app.path('absent') }[kind] ?? '';
    const { code } = await runBundle({ dir: app.dir, env: { ENTRYPOINT_TERMINATION_LOG } });
    expect(code).toBe(78);
    await expect(readFile(app.path('absent'))).rejects.toMatchObject({ code: 'ENOENT' });
  },
);

test('a termination log holds the message alone, in 4096 bytes without half a character', async () => {
  const app = await createStandalone();
  await app.write('log', 'x'.repeat(10_000));
  const env = { ENTRYPOINT_TERMINATION_LOG: app.path('log'), PORT: 'é€😀'.repeat(1000) };
  expect(await runBundle({ dir: app.dir, env })).toMatchObject({ code: 78 });
  const told = await readFile(app.path('log'));
  expect(told.length).toBeLessThanOrEqual(4096);
  expect(told.length).toBeGreaterThan(4092);
  expect(new TextDecoder('utf-8', { fatal: true }).decode(told)).toMatch(/^CONFIG_INVALID \(exit 78\): .*€/s);
});
