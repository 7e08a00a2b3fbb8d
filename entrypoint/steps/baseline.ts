import { randomUUID } from 'node:crypto';
import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { faultPoint } from '../core/fault-point.ts';
import { Database } from '../database/database.ts';
import { historyTable } from '../database/history-table.ts';
import { seedTables } from '../database/survey-answer.ts';
import { count } from '../lib/count.ts';
import { checksum } from '../migrations/checksum.ts';
import { createHistory, insertApplied, recordAlone } from '../migrations/migration-record.ts';
import type { Migration, MigrationsFolder } from '../migrations/migrations-folder.ts';
import { withConnection } from '../postgres/connect.ts';
import { different, hasHistory, inapplicable, pooled, unknownName } from './baseline/baseline-errors.ts';
import { compareCatalogs } from './baseline/compare-catalogs.ts';
import { readCatalog } from './baseline/read-catalog.ts';
import { refuseServerWide } from './baseline/refuse-server-wide.ts';
import { dropLeftDatabases, withScratchDatabase } from './baseline/scratch-database.ts';
import { type Exclusion, withBootLock } from './boot-lock.ts';
import type { MigrateConfig, MigrateTarget } from './migrate/settings.ts';
import { migrate } from './migrate.ts';

/**
 * Records the migrations up to `name` as applied, once an empty database on the same server that they were applied to has the
 * same schema as this one.
 */
export async function baseline(
  { database, lock }: Exclusion,
  target: MigrateTarget & { readonly folder: MigrationsFolder },
  name: string,
  config: MigrateConfig,
  context: Context,
): Promise<void> {
  await context.steps.run('baseline', async (log) => {
    const { folder } = target;
    const last = folder.migrations.findIndex((migration) => migration.name === name);
    if (last === -1) throw unknownName(name, folder);
    const migrations = folder.migrations.slice(0, last + 1);
    if (database.isPooled) throw pooled(database);
    await lock.acquire();
    await lock.acquirePrismaLock();
    await dropLeftDatabases(database.session, log);
    await database.refresh();
    const recorded = database.history.filter(({ rolledBack }) => !rolledBack);
    if (recorded.length > 0) {
      const names = new Set(recorded.filter(({ finished }) => finished).map((row) => row.name));
      if (migrations.every((migration) => names.has(migration.name)))
        return log.skipped(`the history has ${name} and those before it already`);
      throw hasHistory(recorded.length);
    }
    refuseServerWide(migrations, folder, target.appDir);
    const differences = await withScratchDatabase(database.session, log, (scratch) =>
      compareWith(scratch, database, { ...target, folder: { ...folder, migrations } }, config, context),
    );
    if (differences.length > 0) throw different(differences, name);
    await record(database, migrations);
    log.done(
      `recorded ${count(migrations.length, 'migration')} as applied: they make the schema that is there`,
      {
        migrations: migrations.map((migration) => migration.name),
      },
    );
  });
}

/** Applies migrations to the scratch database, and compares what they make with what is in the database. */
async function compareWith(
  scratch: string,
  { session, state }: Database,
  target: MigrateTarget & { readonly folder: MigrationsFolder },
  config: MigrateConfig,
  context: Context,
): Promise<string[]> {
  const { signal } = context.shutdown;
  // A schema that the role finds first is there before the first migration.
  const schema =
    session.settings.schema ?? (state.schema === 'public' ? undefined : (state.schema ?? undefined));
  const connection = { ...session.settings, database: scratch, schema };
  const made = await withConnection(connection, { signal, answerMs: session.answerMs }, async (empty) => {
    const database = await Database.open(empty, seedTables(undefined));
    const there = {
      ...target,
      prisma: { ...target.prisma, folder: target.folder, cli: undefined },
      database: { ...target.database, connection },
    };
    await withBootLock(database, target.database.lockTimeoutMs, context, (exclusion) =>
      migrate(exclusion, there, { ...config, mode: 'deploy', onError: 'abort' }, context).catch(
        (error: unknown) => {
          throw error instanceof BootError && error.exit.name === 'migration' ? inapplicable(error) : error;
        },
      ),
    );
    return readCatalog(empty, undefined);
  });
  faultPoint('baseline:compared');
  const schemas = new Set([...made.flatMap(({ schema }) => schema ?? []), ...target.prisma.schemas]);
  if (state.schema !== null) schemas.add(state.schema);
  const found = await readCatalog(session, [...schemas]);
  return compareCatalogs(made, found);
}

/** All of them in one message, and so in one transaction, in which the history is locked and asked for again. */
async function record(database: Database, migrations: readonly Migration[]): Promise<void> {
  await database.refresh();
  const table = database.hasHistory ? database.historyTable : historyTable(database.state.schema);
  const statements = migrations.flatMap(({ name, script }) =>
    insertApplied(table, { id: randomUUID(), name, checksum: checksum(script) }),
  );
  faultPoint('baseline:record');
  await recordAlone(database.session, [
    ...(database.hasHistory ? [] : [createHistory(table)]),
    ...statements,
  ]);
}
