import type { Config } from '../../config.ts';
import type { Context } from '../../lib/context.ts';
import { withConnection } from '../../lib/database/connect.ts';
import { BootError, toBootError } from '../../lib/errors.ts';
import type { Database } from '../../prisma/database.ts';
import { compareHistory } from '../../prisma/history.ts';
import { type Migration, readScript } from '../../prisma/migrations-folder.ts';
import { findInScript, type ScriptFinding } from '../../prisma/script-findings.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { databaseAhead, readOnly, unresolved } from '../../steps/migrate/history-errors.ts';
import { findInvalidIndexes } from '../../steps/migrate/invalid-indexes.ts';
import { settleDatabase } from '../../steps/settle-database.ts';
import { withDatabase } from '../../steps/with-database.ts';
import { checkConnection, checkPrivileges } from './check-connection.ts';
import { checkSeed } from './check-seed.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** A pending migration, and what in it deserves a look. */
export interface PendingReport {
  readonly name: string;
  readonly findings: readonly ScriptFinding[];
}

export interface DatabaseReport {
  readonly findings: readonly Finding[];
  readonly pending: readonly PendingReport[];
}

/** The database part of the dry run, in a transaction that cannot write. */
export async function checkDatabase(
  config: Config,
  prisma: PrismaFolder | undefined,
  context: Context,
): Promise<DatabaseReport> {
  try {
    return await withDatabase(config, { createDatabase: false }, context, async (database) => {
      await settleDatabase(database, context);
      await database.session.query('begin read only');
      const migrations = pendingMigrations(database, prisma);
      const pending = migrations.map(reportPending);
      return {
        pending,
        findings: [
          ...checkConnection(database),
          ...(await checkPrivileges(database, pending.length)),
          ...checkHistory(database, prisma, config, pending, await findInvalidIndexes(database.session)),
          ...(await checkSeed(database, config, migrations)),
        ],
      };
    });
  } catch (error) {
    context.shutdown.signal.throwIfAborted();
    const failure = toBootError(error);
    const creatable = failure.code === 'DATABASE_MISSING' && (await mayCreateDatabase(config, context));
    if (!creatable) return { findings: failures('database', failure), pending: [] };
    const migrations = prisma?.folder?.migrations ?? [];
    const pending = migrations.map(reportPending);
    const missing = `database "${config.database.connection.database}" is not there: the boot would create it`;
    const found = pending.length === 0 || config.migrate.mode === 'skip' ? [] : [describePending(pending)];
    const seed = await checkSeed(undefined, config, migrations);
    return { findings: [warning('database', missing), ...found, ...seed], pending };
  }
}

function pendingMigrations(database: Database, prisma: PrismaFolder | undefined): readonly Migration[] {
  return compareHistory(database.state.history ?? [], prisma?.folder?.migrations ?? []).pending;
}

function reportPending(migration: Migration): PendingReport {
  return { name: migration.name, findings: findInScript(readScript(migration)) };
}

function checkHistory(
  { state }: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
  pending: readonly PendingReport[],
  invalidIndexes: readonly string[],
): Finding[] {
  const folder = prisma?.folder;
  if (config.migrate.mode === 'skip') return [ok('migrate', 'skipped: ENTRYPOINT_MIGRATE=skip')];
  if (folder === undefined) return [];
  const history = compareHistory(state.history ?? [], folder.migrations);
  const findings: Finding[] = [];
  if (history.failed.length > 0)
    findings.push(...failures('migrate', unresolved(history.failed, folder, invalidIndexes)));
  if (history.missing.length > 0) {
    const ahead = databaseAhead(history.missing);
    findings.push(
      ...(config.migrate.whenAhead === 'refuse'
        ? failures('migrate', ahead)
        : [
            warning(
              'migrate',
              `the database is ahead of this image, which lacks ${history.missing.join(', ')}`,
            ),
          ]),
    );
  }
  if (history.edited.length > 0)
    findings.push(
      warning(
        'migrate',
        `changed since they were applied, and not applied again: ${history.edited.join(', ')}`,
      ),
    );
  if (pending.length > 0 && state.server.readOnly && config.migrate.mode === 'deploy') {
    findings.push(...failures('migrate', readOnly(config.database.connection, pending.length)));
  }
  if (pending.length === 0)
    return [...findings, ok('migrate', `nothing to migrate: ${history.applied.length} applied`)];
  return [...findings, describePending(pending)];
}

function describePending(pending: readonly PendingReport[]): Finding {
  const details = pending.flatMap(({ name, findings }) => [
    name,
    ...findings.map(({ line, finding }) => `  line ${line}: ${finding}`),
  ]);
  const deserving = pending.some(({ findings }) => findings.length > 0);
  return (deserving ? warning : ok)(
    'migrate',
    `${pending.length} pending, to be applied by the boot`,
    details,
  );
}

async function mayCreateDatabase(config: Config, { shutdown }: Context): Promise<boolean> {
  try {
    return await withConnection(
      config.database.connection,
      { database: 'postgres', signal: shutdown.signal },
      async (session) => {
        const [row] = await session.query<{ may: boolean }>(
          'select rolcreatedb or rolsuper as may from pg_roles where rolname = current_user',
        );
        return row?.may === true;
      },
    );
  } catch (error) {
    if (error instanceof BootError) throw error;
    return false;
  }
}
