import { brotliDecompressSync } from 'node:zlib';
import engine from 'zarpe:schema-engine.wasm';
import type { ErrorCapturingSqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import * as binding from '@prisma/schema-engine-wasm/schema_engine_bg';
import type { MigrationsFolder } from './migrations-folder.ts';
import { LOCK_FILE, MIGRATION_FILE } from './migrations-folder.ts';

export type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';

let instantiated: Promise<void> | undefined;

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
  instantiated ??= instantiate();
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
  const bytes = brotliDecompressSync(Buffer.from(engine, 'base64'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': binding });
  binding.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === 'function') start();
}
