import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, onTestFinished, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** A run of its own of one of `tests/fixtures/suites`, with its temporary files in `folder`. */
async function startRun(suite: string) {
  const folder = await mkdtemp(join(tmpdir(), 'zarpe-nested-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL's account must be able to enter it.
  await chmod(folder, 0o755);
  const { VITEST: _, VITEST_POOL_ID: __, VITEST_WORKER_ID: ___, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--config', 'tests/fixtures/suites/vitest.config.ts', suite],
    {
      cwd: root,
      env: { ...environment, TMPDIR: folder, ZARPE_TEST_BUNDLE: inject('bundle'), NO_COLOR: '1' },
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, folder, output: collect(child) };
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  return lines;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until a condition that gives no event holds; only the test's own timeout ends it otherwise. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(50);
}

test('a test fails when what it ran has printed a secret', async () => {
  const { child, output } = await startRun('leaking');
  const [code] = await once(child, 'close');
  expect(code).toBe(1);
  expect(output.join('\n')).toMatch(/gives away the database password/);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
  test(`a run that is ended by ${signal} leaves no process and no file behind`, async () => {
    const { child, folder, output } = await startRun('hanging');
    const hanging = () => /hanging: (\d+) (\d+) (\d+)/.exec(output.join('\n'))?.slice(1).map(Number);
    await until(() => hanging() !== undefined || child.exitCode !== null);
    const pids = hanging() ?? [];
    expect(pids, output.join('\n')).toHaveLength(3);
    child.kill(signal);
    await once(child, 'close');
    await until(() => !pids.some(isAlive));
    // Vitest itself leaves a folder of its own.
    await until(async () => !(await readdir(folder)).some((name) => name.startsWith('zarpe-')));
  });
}
