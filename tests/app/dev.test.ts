/** `npm run dev` as a process: Next.js in watch mode, the embedded database, the entrypoint bundled as it changes. */
import { readFile, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/build/paths.mjs';
import { freePort } from '../helpers/ports.ts';
import { createFolder } from '../helpers/workspace.ts';
import { npmRunDev, npmStart } from './start-process.ts';

const BUNDLED = /^Bundled dist\/dev\/entrypoint\.js in \d+ ms$/;
const SLOW = 240_000;

describe('npm run dev', { timeout: SLOW }, () => {
  test('shows the page, bundles the entrypoint and migrates again as sources change, and leaves no process', async () => {
    const home = await createFolder('dev');
    const port = await freePort();
    const dev = npmRunDev(home, port);
    await dev.waitForLine(new RegExp(`Open http://localhost:${port} `));
    expect(await dev.waitForLog({ step: 'migrate', event: 'done' })).toMatchObject({ migrationCount: 3 });
    expect(await dev.waitForLog({ step: 'seed', event: 'done' })).toMatchObject({ rows: 1 });
    const page = await fetch(`http://127.0.0.1:${port}/`);
    expect(await page.text()).toMatch(/<dt>Users<\/dt><dd>1<\/dd>/);
    expect(dev.lines.filter((line) => BUNDLED.test(line))).toHaveLength(1);

    for (const [n, file] of ['entrypoint/boot.ts', 'prisma/migrations/migration_lock.toml'].entries()) {
      await touch(file);
      await expect
        .poll(() => dev.lines.filter((line) => BUNDLED.test(line)).length, { message: file })
        .toBe(n + 2);
      await expect.poll(() => dev.logs.filter(isSecondStart).length, { message: file }).toBe(n + 1);
    }

    const other = npmStart(home, await freePort());
    expect(await other.exit).toBe(1);
    expect(other.stderr).toContain('it runs already here');

    dev.kill('SIGINT');
    expect(await dev.exit).toBe(130);
    // Next.js starts a process of its own at the end, which sees that telemetry is off.
    await expect.poll(() => dev.processes()).toEqual([]);
    await expect(readFile(join(home, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');
    await expect(readFile(join(home, 'start.lock'))).rejects.toThrow('ENOENT');
  });

  test.each(['while it starts', 'while it runs'])(
    'leaves nothing behind when its window is closed %s',
    async (when) => {
      const home = await createFolder('dev');
      const dev = npmRunDev(home, await freePort(), { terminal: true });
      await dev.waitForLine(when === 'while it runs' ? /Open http/ : /keeps its data/);
      dev.kill('SIGKILL');
      await expect.poll(() => dev.processes()).toEqual([]);
      await expect(readFile(join(home, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');
      await expect(readFile(join(home, 'start.lock'))).rejects.toThrow('ENOENT');
    },
  );
});

/** The seed of a database that has been seeded ends what follows a bundling. */
function isSecondStart({ step, event }: { step?: string; event?: string }): boolean {
  return step === 'seed' && event === 'skipped';
}

/** Nothing of the file changes but its time, for other tests may read it. */
async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(join(ROOT, file), now, now);
}
