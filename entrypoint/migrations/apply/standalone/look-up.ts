import { quoteLiteral, type Session } from '../../../postgres/session.ts';
import type { SharedObject, Standalone } from '../../script/read-standalone.ts';
import { findHolder } from './find-holder.ts';
import type { Found } from './found.ts';
import { lookUpIndex } from './look-up-index.ts';
import { lookUpReindex } from './look-up-reindex.ts';
import { relationOf } from './relation-of.ts';

/** Looks for the outcome of a statement under the search path that it is run with. Takes no lock that others wait for. */
export async function lookUp(session: Session, statement: Standalone): Promise<Found> {
  switch (statement.kind) {
    case 'create index':
      return lookUpIndex(session, statement);
    case 'drop index':
      return (await relationOf(session, statement.name)) === undefined
        ? { kind: 'done', note: `index ${statement.name} is not there: nothing to drop` }
        : { kind: 'absent' };
    case 'detach':
      return lookUpPartition(session, statement.parent, statement.partition);
    case 'reindex':
      return lookUpReindex(session, statement);
    case 'create':
    case 'drop':
      return lookUpShared(session, statement.kind, statement.object, statement.name);
    case 'repeatable':
      return { kind: 'absent' };
  }
}

async function lookUpPartition(session: Session, parent: string, partition: string): Promise<Found> {
  const parentId = await relationOf(session, parent);
  const partitionId = await relationOf(session, partition);
  if (parentId === undefined || partitionId === undefined) return { kind: 'absent' };
  const [row] = await session.query<{ pending: boolean }>(`
    SELECT i.inhdetachpending AS pending FROM pg_catalog.pg_inherits AS i
    WHERE i.inhparent = ${quoteLiteral(parentId)}::pg_catalog.oid AND i.inhrelid = ${quoteLiteral(partitionId)}::pg_catalog.oid`);
  if (row === undefined)
    return { kind: 'done', note: `${partition} is no partition of ${parent}: nothing to detach` };
  if (!row.pending) return { kind: 'absent' };
  const holder = await findHolder(session, [parentId]);
  if (holder !== undefined) return { kind: 'in use', holder };
  return {
    kind: 'leftover',
    remedies: [`ALTER TABLE ${parent} DETACH PARTITION ${partition} FINALIZE`],
    note: `the detaching of ${partition} from ${parent} was interrupted: finalizing it`,
  };
}

const SHARED: Readonly<Record<SharedObject, readonly [catalog: string, column: string]>> = {
  DATABASE: ['pg_database', 'datname'],
  TABLESPACE: ['pg_tablespace', 'spcname'],
  SUBSCRIPTION: ['pg_subscription', 'subname'],
};

async function lookUpShared(
  session: Session,
  kind: 'create' | 'drop',
  object: SharedObject,
  name: string,
): Promise<Found> {
  const [catalog, column] = SHARED[object];
  const [row] = await session.query<{ exists: boolean }>(`
    SELECT EXISTS (SELECT FROM pg_catalog.${catalog}
      WHERE ${column} = (pg_catalog.parse_ident(${quoteLiteral(name)}))[1]::pg_catalog.name) AS exists`);
  const isThere = row?.exists === true;
  if (isThere !== (kind === 'create')) return { kind: 'absent' };
  const note = isThere ? 'is there already: nothing to create' : 'is not there: nothing to drop';
  return { kind: 'done', note: `${object.toLowerCase()} ${name} ${note}` };
}
