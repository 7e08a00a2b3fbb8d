import { BootError } from '../core/errors.ts';
import { plainLine } from '../lib/plain-text.ts';
import { quoteIdentifier } from '../postgres/session.ts';

export const HISTORY_TABLE = '_prisma_migrations';

/** Why a history is not read, and what was found: the kind of the relation, a role, a trigger, columns. */
export type HistoryDoubt = readonly [reason: keyof typeof REASONS, found: string];

const REASONS = {
  schema: (found: string) => [
    'a schema of another name than the table',
    `the schema "${found}"`,
    'Choose another schema.',
  ],
  reserved: (found: string) => [
    'a schema for tables',
    `the schema "${found}" of PostgreSQL itself`,
    'Name the schema that is meant in the connection string (?schema=public), or correct the search_path of the role.',
  ],
  namespace: (found: string) => [
    'the schema that is named as this role to be its own',
    `one that role "${found}" owns, into which the search path would have tables made`,
    'Name the schema that is meant in the connection string (?schema=public), and take CREATE on the database from that role.',
  ],
  kind: (found: string) => ['a table', found, 'Remove it, or rename it.'],
  owner: (found: string) => [
    'a table that this role owns, a superuser, the owner of the database, or a role that nobody else can act as',
    `one that role "${found}" owns, which could write anything into it`,
    'If you did not create that table, drop it. Otherwise look at its triggers, constraints and foreign keys, parent and child tables, defaults and indexes, whose functions stay the other role’s, and then give it to the role that migrates (ALTER TABLE … OWNER TO …).',
  ],
  rows: () => [
    'a table of which this role sees every row',
    'row level security, which may hide some of them',
    'ALTER TABLE … DISABLE ROW LEVEL SECURITY, or connect with the role that owns it.',
  ],
  trigger: (found: string) => [
    'no trigger or foreign key that may run code of another role',
    `the ${found}`,
    'Drop it, and take TRIGGER and REFERENCES on the table from that role: functions would run with the rights of the role that migrates.',
  ],
  code: (found: string) => [
    'no constraint, parent or child table, rule, index, default or domain that may run code of another role',
    `the ${found}`,
    'Remove it. Prisma gives the table none of these, and their functions would run with the rights of the role that migrates.',
  ],
  columns: (found: string) => [
    'the columns that Prisma gives it',
    `a table in which these differ: ${found}`,
    'Rename it if it is not Prisma’s, or bring its columns back.',
  ],
} as const satisfies Record<string, (found: string) => readonly [string, string, string]>;

/** A history that somebody else controls, or that is not Prisma's: nothing is concluded from it, or written to it. */
export function historyRefused(schema: string | null, [reason, found]: HistoryDoubt): BootError {
  const [expected, got, hint] = REASONS[reason](plainLine(found));
  const message = `The migration history ${historyTable(schema)} is not trusted: expected ${expected}, found ${got}`;
  return new BootError('MIGRATION_HISTORY', { message, hint });
}

export function isReason(text: string): text is keyof typeof REASONS {
  return Object.hasOwn(REASONS, text);
}

/** `_prisma_migrations` as SQL names it, in the schema where one is given. */
export function historyTable(schema: string | null): string {
  return qualify(schema, HISTORY_TABLE);
}

export function qualify(schema: string | null | undefined, table: string): string {
  const name = quoteIdentifier(table);
  return schema === undefined || schema === null ? name : `${quoteIdentifier(schema)}.${name}`;
}
