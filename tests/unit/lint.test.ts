import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A method of a class in another file: only a linter that knows types finds these. */
const LIBRARY = 'export class Session {\n  async query(): Promise<void> {}\n}\n';
const PLANTED = `import { Session } from './library.ts';

export function forget(session: Session): void {
  session.query();
  [1].forEach(async () => await session.query());
  if (session.query()) return;
}

export async function remember(session: Session): Promise<void> {
  await session.query();
  void session.query();
}
`;

test('the linter finds a promise that nobody awaits', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'zarpe-lint-'));
  onCleanup(() => rm(dir, { recursive: true }));
  for (const name of ['biome.json', 'node_modules', 'tsconfig.json'])
    await symlink(join(ROOT, name), join(dir, name));
  await writeFile(join(dir, 'library.ts'), LIBRARY);
  await writeFile(join(dir, 'planted.ts'), PLANTED);
  const biome = run(
    join(ROOT, 'node_modules/.bin/biome'),
    ['lint', '--vcs-enabled=false', '--reporter=github', 'planted.ts'],
    { cwd: dir },
  );
  const { code, stdout } = await biome.then(
    () => ({ code: 0, stdout: '' }),
    (error) => error,
  );
  expect(code, stdout).toBe(1);
  const found = [...String(stdout).matchAll(/title=lint\/nursery\/(\w+),.*?line=(\d+)/g)];
  expect(found.map(([, rule, line]) => `${rule}:${line}`).toSorted()).toEqual([
    'noFloatingPromises:4',
    'noMisusedPromises:5',
    'noMisusedPromises:6',
  ]);
});
