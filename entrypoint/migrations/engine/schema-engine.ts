import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import * as compressed from 'zarpe:schema-engine.wasm';
import type { ErrorCapturingSqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import * as binding from '@prisma/schema-engine-wasm/schema_engine_bg';
import { decodeBase91 } from '../../lib/base91.ts';
import type { MigrationsFolder } from '../migrations-folder.ts';
import { LOCK_FILE, MIGRATION_FILE } from '../migrations-folder.ts';

export type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** What it takes decompressed, and some: in one piece, and not in hundreds. */
const ENGINE_BYTES = 8 * 1024 * 1024;

/** Begun when this file is evaluated, for it takes a while in which others can be. */
const instantiated = instantiate();
instantiated.catch(() => undefined);

/**
 * Prisma's schema engine on a connection. The package is internal to Prisma, pinned exactly, and known to this file
 * alone.
 * @param schemas the namespaces of the datasource, for a multi-schema app
 */
export async function createSchemaEngine(
  adapter: ErrorCapturingSqlMigrationAwareDriverAdapterFactory,
  schemas: readonly string[],
  log: (line: string) => void,
): Promise<binding.SchemaEngine> {
  await instantiated;
  const namespaces = schemas.length === 0 ? '' : `schemas = ${JSON.stringify(schemas)}`;
  const datamodel = `datasource db {\n  provider = "postgresql"\n  ${namespaces}\n}\n`;
  return binding.SchemaEngine.new({ datamodels: [['schema.prisma', datamodel]] }, log, adapter);
}

/** The folder in the engine's words. */
export function toMigrationList(folder: MigrationsFolder): binding.MigrationList {
  return {
    baseDir: folder.dir,
    lockfile: { path: LOCK_FILE, content: folder.lock },
    shadowDbInitScript: '',
    migrationDirectories: folder.migrations.map(({ name, script }) => ({
      path: name,
      migrationFile: { path: MIGRATION_FILE, content: { tag: 'ok', value: script.toString('utf8') } },
    })),
  };
}

async function instantiate(): Promise<void> {
  const bytes = await promisify(brotliDecompress)(decodeBase91(compressed.text, compressed.length), {
    chunkSize: ENGINE_BYTES,
  });
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': binding });
  binding.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === 'function') start();
}
