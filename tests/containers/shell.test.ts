import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const scripts = (await readdir(join(root, 'docker')))
  .filter((name) => name.endsWith('.sh'))
  .map((name) => `docker/${name}`);
const installed = (program: string) =>
  (process.env.PATH ?? '').split(':').some((path) => existsSync(join(path, program)));

test.skipIf(!installed('shellcheck'))(
  'shellcheck finds nothing in the scripts that run without Node.js',
  async () => {
    await expect(
      run('shellcheck', ['--external-sources', '--shell=sh', ...scripts], { cwd: root }),
    ).resolves.toEqual({
      stdout: '',
      stderr: '',
    });
  },
);

test.each(['dash', 'busybox'].filter(installed))('%s can parse them', async (shell) => {
  const prefix = shell === 'busybox' ? ['sh'] : [];
  for (const script of scripts) await run(shell, [...prefix, '-n', script], { cwd: root });
});
