import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import * as binding from '@prisma/schema-engine-wasm/schema_engine_bg';
import type pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { compareHistory } from '../../../entrypoint/migrations/history.ts';
import type { MigrationsFolder } from '../../../entrypoint/migrations/migrations-folder.ts';
import { LOCK_FILE, MIGRATION_FILE } from '../../../entrypoint/migrations/migrations-folder.ts';
import { createDatabase } from '../../helpers/database.ts';
import { type HistoryCase, historyCases, migrationsOf } from '../../helpers/histories.ts';

let engine: binding.SchemaEngine;
let client: pg.Client;

beforeAll(async () => {
  const database = await createDatabase();
  client = await database.connect();
  await client.query(`CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL,
    finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`);
  const folder = dirname(
    createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg'),
  );
  const bytes = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': binding });
  binding.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  const adapter = bindMigrationAwareSqlAdapterFactory(
    new PrismaPg({ connectionString: database.url, max: 1 }),
  );
  const datamodel = 'datasource db {\n  provider = "postgresql"\n}\n';
  engine = await binding.SchemaEngine.new(
    { datamodels: [['schema.prisma', datamodel]] },
    () => undefined,
    adapter,
  );
});

/** What the engine makes of a history, and what we make of it, in the same words. */
async function diagnoseBoth(cases: readonly HistoryCase[]) {
  const rows = cases.flatMap((one) => one.rows);
  const migrations = migrationsOf(cases);
  await client.query('TRUNCATE _prisma_migrations');
  for (const row of rows) {
    const at = row.startedAt;
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, started_at, finished_at, rolled_back_at, migration_name, logs)
       VALUES (gen_random_uuid()::text, $1, $2, $3, $4, $5, $6)`,
      [row.checksum, at, row.finished ? at : null, row.rolledBack ? at : null, row.name, row.logs],
    );
  }
  const folder: MigrationsFolder = { dir: '/app/prisma/migrations', migrations, lock: '', problems: [] };
  const theirs = await engine.diagnoseMigrationHistory({
    migrationsList: {
      baseDir: folder.dir,
      lockfile: { path: LOCK_FILE, content: 'provider = "postgresql"' },
      shadowDbInitScript: '',
      migrationDirectories: migrations.map(({ name, script }) => ({
        path: name,
        migrationFile: { path: MIGRATION_FILE, content: { tag: 'ok', value: script.toString() } },
      })),
    },
    optInToShadowDatabase: false,
    filters: { externalTables: [], externalEnums: [] },
  });
  const ours = compareHistory(rows, migrations, { retryFailed: true });
  const failed = unique(ours.failed.map(({ name }) => name));
  const gone = failed.filter((name) => !migrations.some((migration) => migration.name === name));
  return {
    theirs: {
      edited: unique(theirs.editedMigrationNames),
      failed: unique(theirs.failedMigrationNames),
      pending: unique(namesIn(theirs.history, 'unappliedMigrationNames')),
      missing: unique(namesIn(theirs.history, 'unpersistedMigrationNames')),
    },
    ours: {
      edited: unique(ours.edited),
      failed,
      pending: unique(ours.pending.map(({ name }) => name)),
      // The engine counts what failed among what the folder lacks; we tell of it once, as failed.
      missing: unique([...ours.missing, ...gone]),
    },
  };
}

const unique = (names: readonly string[]) => [...new Set(names)].sort();

function namesIn(history: object | null, key: string): string[] {
  const names: unknown =
    history === null ? undefined : Object.entries(history).find(([name]) => name === key)?.[1];
  return Array.isArray(names) ? names.map(String) : [];
}

describe('compareHistory', () => {
  test.each(historyCases())('sees $name as the schema engine does', async (one) => {
    const { theirs, ours } = await diagnoseBoth([one]);
    expect(ours).toEqual(theirs);
  });

  test('sees all of it together as the schema engine does', async () => {
    const { theirs, ours } = await diagnoseBoth(historyCases());
    expect(ours).toEqual(theirs);
    expect(Object.values(ours).every((names) => names.length > 3)).toBe(true);
  });
});
