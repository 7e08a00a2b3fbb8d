import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import publishedFile from '../../package/package.json' with { type: 'json' };
import packageFile from '../../package.json' with { type: 'json' };
import { bundledPackages, NOTICES, productionPackages, writeNotices } from '../../scripts/build/notices.mjs';

/** The software in a file of notices, and the text below each name. */
async function noticesOf(folders: Iterable<string>): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'notices-'));
  await writeNotices(join(folder, NOTICES), folders);
  const [, ...blocks] = (await readFile(join(folder, NOTICES), 'utf8')).split(/\n-{80}\n/);
  await rm(folder, { recursive: true });
  return new Map(blocks.map((block) => [block.trim().split('\n', 1)[0] ?? '', block]));
}

test('the notices name each bundled package with its version, licence and copyright holder', async () => {
  const inputs = {
    'entrypoint/cli.ts': {},
    'node_modules/pg/lib/client.js': {},
    'node_modules/pg/lib/utils.js': {},
    'node_modules/pg-types/index.js': {},
    'node_modules/@prisma/schema-engine-wasm/schema_engine_bg.js': {},
    'node_modules/@prisma/adapter-pg/node_modules/postgres-array/index.js': {},
  };
  const notices = await noticesOf(bundledPackages(inputs));
  expect([...notices.keys()].map((name) => name.replace(/ \d\S* /, ' ')).sort()).toEqual([
    '@prisma/schema-engine-wasm (Apache-2.0)',
    'pg (MIT)',
    'pg-types (MIT)',
    'postgres-array (MIT)',
  ]);
  for (const [name, text] of notices) {
    expect(text, name).toMatch(/Copyright|Apache License/i);
    expect(text.length, name).toBeGreaterThan(500);
    expect(text, name).not.toContain('The Zarpe authors');
  }
});

test('every package of production that is installed has its licence told', async () => {
  const notices = await noticesOf(await productionPackages());
  for (const name of Object.keys(packageFile.dependencies)) {
    expect(
      [...notices.keys()].some((head) => head.startsWith(`${name} `)),
      name,
    ).toBe(true);
  }
  expect(publishedFile.files).toContain(NOTICES);
});
