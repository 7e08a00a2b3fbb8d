import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg';
import { beforeAll, expect, test } from 'vitest';
import { createDatabase, dumpSchema } from '../helpers/database.ts';
import { migrateApp } from './migrate.ts';

const SCHEMA = join(import.meta.dirname, '../../prisma/schema.prisma');
/** The function and its trigger, which a Prisma schema has no words for. */
const BEYOND_THE_SCHEMA = /tidy_user/;

beforeAll(async () => {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const { instance } = await WebAssembly.instantiate(await readFile(glue.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': { ...engine },
  });
  engine.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === 'function') start();
});

test('the migrations make what the schema says', async () => {
  const migrated = await createDatabase();
  await migrateApp(migrated);
  const described = await createDatabase();
  await described.query(await writeSqlOf(await readFile(SCHEMA, 'utf8'), described.url));
  expect(await dumpSchema(migrated.url, { exclude: BEYOND_THE_SCHEMA })).toBe(
    await dumpSchema(described.url),
  );
});

test('an address has one spelling, whoever writes it, and a change is dated', async () => {
  const database = await createDatabase();
  await migrateApp(database);
  await database.query(
    `INSERT INTO users (email, name, password_hash, updated_at) VALUES (' Ana@Example.com', 'Ana', '', '2000-01-01')`,
  );
  const [written] = await database.query(
    "UPDATE users SET name = 'Ana María' RETURNING email, updated_at > '2000-01-02' dated",
  );
  expect(written).toEqual({ email: 'ana@example.com', dated: true });
});

/** What `prisma migrate diff --from-empty --script` prints. */
async function writeSqlOf(schema: string, url: string): Promise<string> {
  const file = { path: 'schema.prisma', content: schema };
  const adapter = bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString: url, max: 1 }));
  const prisma = await engine.SchemaEngine.new(
    { datamodels: [[file.path, schema]] },
    () => undefined,
    adapter,
  );
  const { stdout } = await prisma.diff({
    from: { tag: 'empty' },
    to: { tag: 'schemaDatamodel', files: [file] },
    script: true,
    exitCode: false,
    filters: { externalTables: [], externalEnums: [] },
  });
  return stdout ?? '';
}
