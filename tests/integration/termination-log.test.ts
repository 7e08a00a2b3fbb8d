import { execFileSync } from 'node:child_process';
import { readFile, symlink } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { fakeServer, message } from '../helpers/fake-server.ts';
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

test('a termination log that is a symbolic link overwrites nothing', async () => {
  const app = await createStandalone();
  await app.write('precious', 'kept');
  await symlink(app.path('precious'), app.path('link'));
  const env = { ENTRYPOINT_TERMINATION_LOG: app.path('link') };
  expect(await runBundle({ dir: app.dir, env })).toMatchObject({ code: 78 });
  expect(await readFile(app.path('precious'), 'utf8')).toBe('kept');
});

test('a termination log holds the message alone, in 4096 bytes without half a character', async () => {
  const app = await createStandalone();
  await app.write('log', 'x'.repeat(10_000));
  const env = {
    ENTRYPOINT_TERMINATION_LOG: app.path('log'),
    DATABASE_URL: 'postgresql://app@db/app',
    ENTRYPOINT_PRISMA_DIR: 'é€😀'.repeat(1000),
  };
  expect(await runBundle({ dir: app.dir, env })).toMatchObject({ code: 66 });
  const told = await readFile(app.path('log'));
  expect(told.length).toBeLessThanOrEqual(4096);
  expect(told.length).toBeGreaterThan(4092);
  expect(new TextDecoder('utf-8', { fatal: true }).decode(told)).toMatch(
    /^BUILD_INCOMPLETE \(exit 66\): .*€/s,
  );
});

test('neither the log nor the termination log moves the cursor of a terminal, whatever the server sends', async () => {
  const refused = message(
    'E',
    'SFATAL\0',
    'VFATAL\0',
    'C28000\0',
    'M\u001b[2J\u001b]0;forged\u0007\r\u202eall\u009b31m is\u2028well\u0085\0',
    '\0',
  );
  const { port } = await fakeServer(['N', refused, 'N', refused]);
  const app = await createStandalone();
  await app.write('log', '');
  const env = {
    ENTRYPOINT_TERMINATION_LOG: app.path('log'),
    DATABASE_URL: `postgresql://app:hush@127.0.0.1:${port}/main`,
  };
  const { code, stdout, logs } = await runBundle({ dir: app.dir, env });
  expect(code).toBe(77);
  expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\u202e]/u);
  expect(logs.at(-1)?.msg).toContain('\u202eall\u009b31m is\u2028well\u0085');
  const told = await readFile(app.path('log'), 'utf8');
  expect(told).toContain('forged');
  expect(told.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
});
