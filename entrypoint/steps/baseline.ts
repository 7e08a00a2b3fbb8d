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
import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import type { Session } from '../postgres/session.ts';
import {
  different,
  hasHistory,
  inapplicable,
  moved,
  pooled,
  unknownName,
} from './baseline/baseline-errors.ts';
import { compareCatalogs } from './baseline/compare-catalogs.ts';
import { type CatalogObject, readCatalog } from './baseline/read-catalog.ts';
import { refuseServerWide } from './baseline/refuse-server-wide.ts';
import { dropLeftDatabases, withScratchDatabase } from './baseline/scratch-database.ts';
import { type Exclusion, withBootLock } from './boot-lock.ts';
import type { MigrateConfig, MigrateTarget } from './migrate/settings.ts';
import { migrate } from './migrate.ts';

/** What is to be recorded. */
export interface BaselineTarget extends MigrateTarget {
  readonly folder: MigrationsFolder;
  /** The name of the last migration that the database already has. */
  readonly last: string;
}

/**
 * Records the migrations up to `last` as applied, once an empty database on the same server that they were applied to has the
 * same schema as this one.
 */
export async function baseline(
  { database, lock }: Exclusion,
  target: BaselineTarget,
  config: MigrateConfig,
  context: Context,
): Promise<void> {
  await context.steps.run('baseline', async (log) => {
    const { folder, last } = target;
    const index = folder.migrations.findIndex(({ name }) => name === last);
    if (index === -1) throw unknownName(last, folder);
    const migrations = folder.migrations.slice(0, index + 1);
    if (database.isPooled) throw pooled(database);
    await lock.acquire();
    await lock.acquirePrismaLock();
    await dropLeftDatabases(database.session, log);
    await database.refresh();
    const recorded = database.history.filter(({ rolledBack }) => !rolledBack);
    if (recorded.length > 0) {
      const names = new Set(recorded.filter(({ finished }) => finished).map((row) => row.name));
      if (migrations.every((migration) => names.has(migration.name)))
        return log.skipped(`the history has ${last} and those before it already`);
      throw hasHistory(recorded.length);
    }
    refuseServerWide(migrations, folder, target.appDir);
    const { session, state } = database;
    const differences = await withScratchDatabase(session, log, async (scratch) => {
      const options = { signal: context.shutdown.signal, answerMs: session.answerMs };
      const made = await withConnection(connectionTo(scratch, database), options, (empty) =>
        makeSchema(empty, { ...target, folder: { ...folder, migrations } }, config, context),
      );
      faultPoint('baseline:compared');
      return compareWith(made, database, target.prisma.schemas);
    });
    if (differences.length > 0) throw different(differences, last);
    await record(database, migrations, state.schema);
    log.done(
      `recorded ${count(migrations.length, 'migration')} as applied: they make the schema that is there`,
      {
        migrations: migrations.map((migration) => migration.name),
      },
    );
  });
}

function connectionTo(scratch: string, { session, state }: Database): ConnectionSettings {
  const { settings } = session;
  // A schema that the role finds first is there before the first migration.
  const schema = settings.schema ?? (state.schema === 'public' ? undefined : (state.schema ?? undefined));
  return { ...settings, database: scratch, schema };
}

/** Applies migrations to an empty database, and reads what they make. */
async function makeSchema(
  empty: Session,
  target: BaselineTarget,
  config: MigrateConfig,
  context: Context,
): Promise<readonly CatalogObject[]> {
  const database = await Database.open(empty, seedTables(undefined));
  const there = {
    ...target,
    prisma: { ...target.prisma, folder: target.folder, cli: undefined },
    database: { ...target.database, connection: empty.settings },
  };
  await withBootLock(database, target.database.lockTimeoutMs, context, (exclusion) =>
    migrate(exclusion, there, { ...config, mode: 'deploy', onError: 'abort' }, context).catch(
      (error: unknown) => {
        throw error instanceof BootError && error.exit.name === 'migration' ? inapplicable(error) : error;
      },
    ),
  );
  return readCatalog(empty, undefined);
}

/** How the database differs from what the migrations make in its schemas and those of the app. */
async function compareWith(
  made: readonly CatalogObject[],
  { session, state }: Database,
  ofApp: readonly string[],
): Promise<string[]> {
  const schemas = new Set([...made.flatMap(({ schema }) => schema ?? []), ...ofApp]);
  if (state.schema !== null) schemas.add(state.schema);
  return compareCatalogs(made, await readCatalog(session, [...schemas]));
}

/**
 * All of them in one message, and so in one transaction, in which the history is locked and asked for again.
 * @param compared the schema that the history was to be in when the comparison began
 */
async function record(
  database: Database,
  migrations: readonly Migration[],
  compared: string | null,
): Promise<void> {
  const { schema } = await database.refresh();
  database.requireTrustedHistory();
  if (schema !== compared) throw moved(compared, schema);
  const table = database.hasHistory ? database.historyTable : historyTable(schema);
  const statements = migrations.flatMap(({ name, script }) =>
    insertApplied(table, { id: randomUUID(), name, checksum: checksum(script) }),
  );
  faultPoint('baseline:record');
  await recordAlone(database.session, [
    ...(database.hasHistory ? [] : [createHistory(table)]),
    ...statements,
  ]);
}
