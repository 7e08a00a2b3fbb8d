import type { Config } from '../../config.ts';
import type { Context } from '../../core/context.ts';
import { BootError, EXIT_STATUS } from '../../core/errors.ts';
import { toBootError } from '../../core/to-boot-error.ts';
import type { Database } from '../../database/database.ts';
import { compareHistory } from '../../migrations/history.ts';
import type { Migration } from '../../migrations/migrations-folder.ts';
import { withConnection } from '../../postgres/connect.ts';
import {
  describeScratchDatabases,
  findScratchDatabases,
} from '../../steps/baseline/find-scratch-databases.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { waitForTableLocks, withDatabase } from '../../steps/with-database.ts';
import { isUnreachable } from '../../steps/without-database.ts';
import { checkConnection, checkPrivileges } from './check-connection.ts';
import { checkHistory, checkRefusals, checkStanding } from './check-history.ts';
import { checkHistoryGrants } from './check-history-grants.ts';
import { describePending, foreseeFailures } from './check-pending.ts';
import { checkPush } from './check-push.ts';
import { checkSeed } from './check-seed.ts';
import { type Finding, failures, warning } from './finding.ts';
import { type PendingReport, reviewPending } from './review-pending.ts';

export interface DatabaseReport {
  readonly findings: readonly Finding[];
  readonly pending: readonly PendingReport[];
}

/** The checks that need the database. They run in a read-only transaction. */
export async function checkDatabase(
  config: Config,
  prisma: PrismaFolder | undefined,
  context: Context,
): Promise<DatabaseReport> {
  try {
    return await withDatabase(config, { createDatabase: false }, context, async (database) => {
      await waitForTableLocks(database, context);
      const migrations = pendingMigrations(database, prisma, config);
      const refusals = await checkRefusals(database, config, prisma, migrations);
      const pending = await reviewPending(database, migrations);
      const push = await checkPush(database, prisma, config);
      await database.session.send('begin read only');
      const found = [
        ...checkConnection(database),
        ...checkScratchDatabases(await findScratchDatabases(database.session)),
        ...checkStanding(database, prisma, config, pending.length),
        ...(await checkPrivileges(database, pending.length)),
        ...refusals,
        ...(await checkHistory(database, prisma, config, pending)),
        ...push.findings,
        ...(config.migrate.mode === 'deploy' ? await checkHistoryGrants(database) : []),
        ...foreseeFailures(migrations, prisma, config),
      ];
      const migrated = !found.some(isFailedMigration);
      return {
        pending,
        findings: [
          ...asReported(found, config),
          ...(await checkSeed(database, { ...config, migrated }, [...migrations, ...push.script])),
        ],
      };
    });
  } catch (error) {
    context.shutdown.signal.throwIfAborted();
    const failure = toBootError(error);
    const creatable = failure.code === 'DATABASE_MISSING' && (await mayCreateDatabase(config, context));
    if (!creatable) {
      const found = asReported(failures('database', failure), config);
      const isFatal = !config.database.isOptional || !isUnreachable(failure);
      return { findings: isFatal ? found : found.map(asWarning), pending: [] };
    }
    const migrations = prisma?.folder?.migrations ?? [];
    const pending = await reviewPending(undefined, migrations);
    const push = await checkPush(undefined, prisma, config);
    const missing = `database "${config.database.connection.database}" does not exist; the boot would create it`;
    const found = pending.length === 0 || config.migrate.mode === 'skip' ? [] : [describePending(pending)];
    return {
      findings: [
        warning('database', missing),
        ...found,
        ...push.findings,
        ...foreseeFailures(migrations, prisma, config),
        ...(await checkSeed(undefined, { ...config, migrated: true }, [...migrations, ...push.script])),
      ],
      pending,
    };
  }
}

function checkScratchDatabases(names: readonly string[]): Finding[] {
  const left = describeScratchDatabases(names);
  return left === undefined ? [] : [warning('database', left.message, left.commands)];
}

/** With ENTRYPOINT_DATABASE=optional the boot only warns about a database that it cannot connect to. */
function asWarning({ step, message, details }: Finding): Finding {
  return warning(
    step,
    `${message} The server would start without it (ENTRYPOINT_DATABASE=optional).`,
    details,
  );
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

/** With ENTRYPOINT_MIGRATE_ON_ERROR=continue the boot only warns about a failed migration. */
function asReported(findings: readonly Finding[], { migrate }: Config): Finding[] {
  return findings.map((finding) =>
    migrate.onError === 'continue' && isFailedMigration(finding)
      ? warning(finding.step, finding.message, finding.details)
      : finding,
  );
}

function isFailedMigration({ exitStatus }: Finding): boolean {
  return exitStatus === EXIT_STATUS.migration.status;
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
