/** CONTRIBUTING.md leads to what is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const text = read('CONTRIBUTING.md');

test('names files, scripts and tables that exist', () => {
  const paths = [...text.matchAll(/`((?:entrypoint|docs|tests|scripts|\.vscode)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(5);
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);

  const { scripts } = JSON.parse(read('package.json'));
  const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);

  for (const [file, name] of [
    ['core/errors.ts', 'ERROR_CODES'],
    ['core/events.ts', 'STEPS'],
    ['core/events.ts', 'EVENTS'],
  ] as const) {
    expect(text).toContain(`\`${name}\``);
    expect(read(join('entrypoint', file))).toContain(`export const ${name} = {`);
  }
});

test('shows how to run one test, by a title that a test has', () => {
  const [, file = '', title = ''] = /npx vitest run --project integration (\S+) -t '(.+)'/.exec(text) ?? [];
  expect(read(file)).toContain(title);
});
