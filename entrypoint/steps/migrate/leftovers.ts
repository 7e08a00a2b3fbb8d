import type { StepLog } from '../../core/step-log.ts';
import { plainLine } from '../../lib/plain-text.ts';
import type { Session } from '../../postgres/session.ts';

/** More than a person reads in a message. */
const MOST = 20;

/** What an interrupted migration may have left beside its record, and how to take it away: a line each. */
export async function describeLeftovers(session: Session): Promise<string[]> {
  const indexes = await readNames(
    session,
    `select c.oid::regclass::text as name from pg_catalog.pg_index as i join pg_catalog.pg_class as c on c.oid = i.indexrelid
      where not i.indisvalid and c.relkind = 'i' and pg_catalog.pg_has_role(c.relowner, 'USAGE') order by 1 limit ${MOST}`,
  );
  return [
    ...indexes.map(
      (name) => `Invalid index: ${name}, left by a build that did not end (DROP INDEX CONCURRENTLY ${name})`,
    ),
    ...(await describePrepared(session)),
  ];
}

/** Tells of transactions that a script prepared: they outlive it, and nothing else would. */
export async function warnOfPrepared(session: Session, migration: string, log: StepLog): Promise<void> {
  for (const line of await describePrepared(session)) log.warn('prepared', line, { migration });
}

async function describePrepared(session: Session): Promise<string[]> {
  const names = await readNames(
    session,
    `select pg_catalog.quote_literal(gid) as name from pg_catalog.pg_prepared_xacts
      where database = pg_catalog.current_database() order by prepared limit ${MOST}`,
  );
  return names.map(
    (name) =>
      `Prepared transaction: ${name}. It keeps its locks until COMMIT PREPARED ${name} or ROLLBACK PREPARED ${name} (pg_prepared_xacts)`,
  );
}

/** Empty where they cannot be read. */
async function readNames(session: Session, sql: string): Promise<string[]> {
  try {
    return (await session.query<{ name: string }>(sql)).map(({ name }) => plainLine(name));
  } catch {
    return [];
  }
}
