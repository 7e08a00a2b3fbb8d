import type { Config } from '../../config.ts';
import type { Context } from '../../lib/context.ts';
import { withConnection } from '../../lib/database/connect.ts';
import { BootError, EXIT_STATUS } from '../../lib/errors.ts';
import { toBootError } from '../../lib/to-boot-error.ts';
import type { Database } from '../../prisma/database.ts';
import { compareHistory } from '../../prisma/history.ts';
import type { Migration } from '../../prisma/migrations-folder.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { databaseAhead, readOnly, unresolved } from '../../steps/migrate/history-errors.ts';
import { findInvalidIndexes } from '../../steps/migrate/invalid-indexes.ts';
import { settleDatabase } from '../../steps/settle-database.ts';
import { withDatabase } from '../../steps/with-database.ts';
import { checkConnection, checkPrivileges } from './check-connection.ts';
import { describePending, foreseeFailures, type PendingReport, reportPending } from './check-pending.ts';
import { checkRefusals } from './check-refusals.ts';
import { checkSeed } from './check-seed.ts';
import { type Finding, failures, hasFailure, ok, warning } from './finding.ts';

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
      const migrations = pendingMigrations(database, prisma, config);
      const refusals = await checkRefusals(database, config, prisma, migrations);
      await database.session.send('begin read only');
      const pending = migrations.map(reportPending);
      const invalidIndexes = await findInvalidIndexes(database.session);
      const history = checkHistory(database, prisma, config, pending, invalidIndexes);
      const migrate = hasFailure(history) ? history : [...refusals, ...history];
      return {
        pending,
        findings: [
          ...checkConnection(database),
          ...(await checkPrivileges(database, pending.length)),
          ...asTaken([...migrate, ...foreseeFailures(migrations, prisma, config)], config),
          ...(await checkSeed(database, config, migrations)),
        ],
      };
    });
  } catch (error) {
    context.shutdown.signal.throwIfAborted();
    const failure = toBootError(error);
    const creatable = failure.code === 'DATABASE_MISSING' && (await mayCreateDatabase(config, context));
    if (!creatable) return { findings: asTaken(failures('database', failure), config), pending: [] };
    const migrations = prisma?.folder?.migrations ?? [];
    const pending = migrations.map(reportPending);
    const missing = `database "${config.database.connection.database}" is not there: the boot would create it`;
    const found = pending.length === 0 || config.migrate.mode === 'skip' ? [] : [describePending(pending)];
    return {
      findings: [
        warning('database', missing),
        ...found,
        ...foreseeFailures(migrations, prisma, config),
        ...(await checkSeed(undefined, config, migrations)),
      ],
      pending,
    };
  }
}

function pendingMigrations(
  database: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
): Migration[] {
  if (config.migrate.mode === 'skip') return [];
  const rows = database.history;
  const { interrupted, pending } = compareHistory(rows, prisma?.folder?.migrations ?? [], config.migrate);
  return [...interrupted.map(({ migration }) => migration), ...pending];
}

/** As the boot takes it: ENTRYPOINT_MIGRATE_ON_ERROR=continue goes on behind a failed migration. */
function asTaken(findings: readonly Finding[], { migrate }: Config): Finding[] {
  return findings.map((finding) =>
    migrate.onError === 'continue' && finding.exitStatus === EXIT_STATUS.migration.status
      ? warning(finding.step, finding.message, finding.details)
      : finding,
  );
}

function checkHistory(
  database: Database,
  prisma: PrismaFolder | undefined,
  config: Config,
  pending: readonly PendingReport[],
  invalidIndexes: readonly string[],
): Finding[] {
  const folder = prisma?.folder;
  if (config.migrate.mode === 'skip') return [ok('migrate', 'skipped: ENTRYPOINT_MIGRATE=skip')];
  if (folder === undefined) return [];
  const history = compareHistory(database.history, folder.migrations, config.migrate);
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
  if (pending.length > 0 && database.state.server.readOnly && config.migrate.mode === 'deploy') {
    findings.push(...failures('migrate', readOnly(config.database.connection, pending.length)));
  }
  if (pending.length === 0)
    return [...findings, ok('migrate', `nothing to migrate: ${history.applied.length} applied`)];
  return [...findings, describePending(pending)];
}

async function mayCreateDatabase(config: Config, { shutdown }: Context): Promise<boolean> {
  try {
    return await withConnection(
      config.database.connection,
      { database: 'postgres', signal: shutdown.signal },
      async (session) => {
        const [row] = await session.query<{ may: boolean }>(
          'select rolcreatedb or rolsuper as may from pg_catalog.pg_roles where rolname = current_user',
        );
        return row?.may === true;
      },
    );
  } catch (error) {
    if (error instanceof BootError) throw error;
    return false;
  }
}
