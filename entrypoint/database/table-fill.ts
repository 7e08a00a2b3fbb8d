import { queryHeld } from './lazy-query.ts';
import { untrustedOwner } from './trust.ts';

/** Before a query with `FILLED`, in the same message: the timeout is for a lock that is taken in between. */
export const PATIENTLY = "set local lock_timeout = '1s'; set local row_security = off";

const NAME = "pg_catalog.format('%I.%I', n.nspname, c.relname)";

/**
 * Whether the table `c` in the schema `n` has a row, as SQL. Null where the role may not look, another session has the table
 * for itself, or its owner is not trusted.
 */
export const FILLED = `(case when pg_catalog.has_table_privilege(c.oid, 'SELECT') and not pg_catalog.row_security_active(c.oid)
    and not exists (select from pg_catalog.pg_locks as l
      where l.relation = c.oid and l.mode = 'AccessExclusiveLock' and l.granted)
    and ${untrustedOwner('c')} is null
  then pg_catalog.strpos(${queryHeld(NAME, 'c.oid', `'select exists (select from ' || ${NAME} || ') as filled'`)}, '>true<') > 0 end)`;
