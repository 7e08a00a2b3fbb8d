import { join, relative } from 'node:path';
import type { DatabaseError } from 'pg';
import { codeOf, messageOf } from '../../lib/database/connection-error.ts';
import { isConnectionLoss } from '../../lib/database/connection-lost.ts';
import { BootError, type Problem } from '../../lib/errors.ts';
import type { ApplyError } from '../../prisma/apply-error.ts';
import type { Database } from '../../prisma/database.ts';
import { MIGRATION_FILE, type MigrationsFolder } from '../../prisma/migrations-folder.ts';
import type { Script } from '../../prisma/script.ts';
import { locateFailure, showLocation } from '../../prisma/script-location.ts';
import { resolveCommands } from './history-errors.ts';
import { describeInvalidIndexes, findInvalidIndexes } from './invalid-indexes.ts';

interface FailedIn {
  readonly appDir: string;
  readonly folder: MigrationsFolder;
}

/** The failure of a script as a person needs it: the line, PostgreSQL's own words, and what is in the database now. */
export async function explainScriptError(
  error: ApplyError,
  name: string,
  script: Script,
  target: FailedIn,
  retryFailed: boolean,
  database: Database,
): Promise<BootError> {
  const server = error.cause.database;
  if (server === undefined || isConnectionLoss(server)) return connectionLost(name, error);
  const position = server.position === undefined ? undefined : Number(server.position);
  const location = locateFailure(script, position, error.cause.completed);
  const file = relative(target.appDir, join(target.folder.dir, name, MIGRATION_FILE));
  const invalid = error.atomicity.atomic ? [] : await findInvalidIndexes(database.session);
  const { action, commands } = whatNow(error, name, retryFailed);
  return new BootError(
    'MIGRATION_FAILED',
    {
      what: location === undefined ? file : `${file}:${location.line}`,
      expected: 'a script that PostgreSQL accepts',
      got: describeServerError(server),
      action,
      details: [
        ...(location === undefined ? [] : showLocation(location)),
        ...serverDetails(server),
        ...describeInvalidIndexes(invalid),
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

/** What the engine itself refuses to do. */
export function explainEngineError(error: unknown, target: FailedIn): BootError {
  const code = codeOf(error);
  const message = messageOf(error).split('\n   0:')[0]?.trim() ?? '';
  const first = target.folder.migrations[0]?.name ?? 'NAME';
  if (code === 'P3005') {
    return new BootError(
      'DATABASE_NOT_EMPTY',
      {
        what: 'the database',
        expected: 'an empty schema, or one with _prisma_migrations',
        got: 'tables that no migration made (P3005)',
        action: 'Tell which migrations are in it already (a baseline), then start again:',
        details: [`node entrypoint.js resolve --applied ${first}`],
      },
      error,
    );
  }
  const denied = /permission denied|must be owner/.test(message);
  return new BootError(
    denied ? 'DATABASE_ACCESS_REFUSED' : 'MIGRATION_HISTORY',
    {
      what: "Prisma's schema engine",
      expected: denied ? 'a role that may create tables' : 'a history that it can go on with',
      got: code === 'none' ? message : `${code}: ${message}`,
      action: denied
        ? 'Grant the role CREATE on the schema.'
        : 'See what it says; `status` shows the history.',
    },
    error,
  );
}

function whatNow(
  error: ApplyError,
  name: string,
  retryFailed: boolean,
): { action: string; commands: string[] } {
  const [applied = '', rolledBack = ''] = resolveCommands(name);
  if (error.atomicity.atomic && retryFailed) {
    return {
      action: 'Nothing of it was applied, and no record was left: correct it, or the data, and start again.',
      commands: ['Only if you have applied it by hand:', applied],
    };
  }
  if (error.atomicity.atomic) {
    return {
      action:
        'Nothing of it was applied; the failed record waits for you. Correct it, then say so and start again:',
      commands: [rolledBack],
    };
  }
  return {
    action: `It could not be one transaction (${error.atomicity.reason}): what ran before may be in the database. Look at it, bring it to one side, and say which:`,
    commands: [applied, rolledBack],
  };
}

function serverDetails(error: DatabaseError): string[] {
  const parts: readonly (readonly [label: string, text: string | undefined])[] = [
    ['DETAIL', error.detail],
    ['HINT', error.hint],
    ['CONTEXT', error.where],
  ];
  const hint: readonly (readonly [string, string])[] =
    error.code === '57014'
      ? [
          [
            'NOTE',
            'The role or the database has a statement_timeout: ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT sets one for migrations.',
          ],
        ]
      : [];
  return [...parts, ...hint].flatMap(([label, text]) =>
    text ? text.split('\n').map((line) => `${label}: ${line}`) : [],
  );
}

function connectionLost(name: string, error: ApplyError): BootError {
  const problem: Problem = {
    what: `migration ${name}`,
    expected: 'a connection that lasts as long as its script',
    got: `"${error.message}"`,
    action: error.atomicity.atomic
      ? 'Start again: it is applied whole or not at all, and the next start goes on from there.'
      : `Start again. It could not be one transaction (${error.atomicity.reason}): should its record be unfinished, the next start says what to do.`,
  };
  return new BootError('DATABASE_CONNECTION_LOST', problem, error.cause.cause);
}
