import { join, relative } from 'node:path';
import type { DatabaseError } from 'pg';
import { BootError } from '../../core/errors.ts';
import type { ApplyError, Remains } from '../../migrations/apply/apply-error.ts';
import { locateFailure, showLocation } from '../../migrations/apply/script-location.ts';
import { MIGRATION_FILE } from '../../migrations/migrations-folder.ts';
import type { Script } from '../../migrations/script/script.ts';
import { isConnectionLoss, isTransactionTimeout } from '../../postgres/connection-lost.ts';
import type { ApplyDeps } from './apply-deps.ts';
import { noteOn } from './failure-notes.ts';
import { describeMisplaced } from './foresee-failure.ts';
import { resolveCommands } from './history-errors.ts';
import { describeLeftovers } from './leftovers.ts';
import type { MigrateConfig } from './settings.ts';

/** Nothing can be recorded on a connection that is gone. */
const NO_RECORD = { retryFailed: true };

/** Whether a limit that the script itself set, as those of the role are lifted, ended its session: it would each time. */
export function isOwnTimeout({ cause, remains }: ApplyError): boolean {
  return remains.kind !== 'unknown' && isTransactionTimeout(cause.database);
}

/** The failure of a script: the line, PostgreSQL's own words, and what is in the database now. */
export async function explainScriptError(
  error: ApplyError,
  name: string,
  script: Script,
  { target, config, database, context }: Pick<ApplyDeps, 'target' | 'config' | 'database' | 'context'>,
): Promise<BootError> {
  const server = error.cause.database;
  const isLost = server !== undefined && isConnectionLoss(server);
  if (server === undefined || (isLost && !isOwnTimeout(error))) return connectionLost(name, error);
  const location = locateFailure(script, error.cause.place);
  const file = relative(target.appDir, join(target.folder.dir, name, MIGRATION_FILE));
  const leftovers = isLost || error.mode === 'transaction' ? [] : await describeLeftovers(database.session);
  const { hint, commands } = whatNow(error, name, script, isLost ? NO_RECORD : config);
  return new BootError(
    'MIGRATION_FAILED',
    {
      message: `Migration failed at ${location === undefined ? file : `${file}:${location.line}`}: ${describeServerError(server)}`,
      hint,
      details: [
        ...(location === undefined ? [] : showLocation(location, (text) => context.secrets.redact(text))),
        ...serverDetails(server, script),
        ...describeMisplaced(script),
        ...leftovers,
        ...commands,
      ],
    },
    server,
  );
}

/** PostgreSQL's own words. */
export function describeServerError({ severity = 'ERROR', code, message }: DatabaseError): string {
  return `${severity} ${code}: ${message}`;
}

function whatNow(
  { remains }: ApplyError,
  name: string,
  { plan }: Script,
  { retryFailed }: Pick<MigrateConfig, 'retryFailed'>,
): { hint: string; commands: string[] } {
  const [applied = '', rolledBack = ''] = resolveCommands(name);
  if (remains.kind === 'unknown') {
    return {
      hint: `It may have committed part of its work (${remains.reason}). Bring the database fully to one state or the other, then record which:`,
      commands: [applied, rolledBack],
    };
  }
  if (!retryFailed) {
    return {
      hint: `${describeRemains(remains)}; its failed record is kept (ENTRYPOINT_MIGRATE_RETRY_FAILED=off). Fix the script or the data, mark the migration as rolled back, and restart:`,
      commands: [rolledBack],
    };
  }
  if (remains.kind === 'transactions') {
    return {
      hint: `${describeRemains(remains)}. Fix the data or the rest of the script, and restart: the next start continues after what is committed.`,
      commands: ['Only if you have applied the rest by hand:', applied],
    };
  }
  const fix =
    plan.misplaced.length > 0
      ? 'Give each of these statements a migration of its own'
      : 'Fix the script or the data,';
  return {
    hint: `Nothing of it was applied, and it left no record. ${fix} and restart.`,
    commands: ['Only if you have applied it by hand:', applied],
  };
}

function describeRemains(remains: Exclude<Remains, { kind: 'unknown' }>): string {
  return remains.kind === 'nothing'
    ? 'Nothing of it was applied'
    : `${remains.committed} of its ${remains.of} transactions ${remains.committed === 1 ? 'is' : 'are'} committed`;
}

function serverDetails(error: DatabaseError, script: Script): string[] {
  const parts: readonly (readonly [label: string, text: string | undefined])[] = [
    ['DETAIL', error.detail],
    ['HINT', error.hint],
    ['CONTEXT', error.where],
    ['NOTE', noteOn(error, script)],
  ];
  return parts.flatMap(([label, text]) => (text ? text.split('\n').map((line) => `${label}: ${line}`) : []));
}

function connectionLost(name: string, error: ApplyError): BootError {
  const problem = {
    message: `The connection was lost while migration ${name} ran: ${error.message}`,
    hint:
      error.remains.kind === 'unknown'
        ? `Restart. It may have committed part of its work (${error.remains.reason}): if its record is unfinished, the next start says what to do.`
        : 'Restart: the next start continues from what was committed.',
  };
  return new BootError('DATABASE_CONNECTION_LOST', problem, error.cause.cause);
}
