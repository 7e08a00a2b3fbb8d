import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

interface Entry {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
}

test.each(['package-lock.json', 'tests/toolchains/package-lock.json'])(
  'every package of %s is held to its contents, on every platform, and to no registry',
  (file) => {
    const lock: { packages: Record<string, Entry> } = JSON.parse(readFileSync(join(root, file), 'utf8'));
    const packages = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && link !== true);
    expect(packages.length).toBeGreaterThan(5);
    expect(packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual(
      [],
    );
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  },
);
