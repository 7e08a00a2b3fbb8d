import pg from 'pg';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import { ProtocolError } from '../../postgres/protocol-error.ts';
import { quoteLiteral } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import { refuseForeignObjects, withTables } from './push-trust.ts';

type Ask = <Row extends pg.QueryResultRow>(sql: string) => Promise<readonly Row[]>;

/** How a transaction holds the tables that it counts: to read, or for itself alone until it has changed them. */
export type Hold = 'ACCESS SHARE' | 'ACCESS EXCLUSIVE';

/**
 * Keeps every table from being dropped, replaced, given away and referenced by a new foreign key until the end of the transaction,
 * and asks again who owns what is there.
 */
export async function holdTables(database: Database, schemas: readonly string[], ask: Ask): Promise<void> {
  const rows = await database.session.query<{ name: string; mode: string }>(held(schemas));
  if (rows.length > 0)
    await ask(rows.map(({ name, mode }) => `LOCK TABLE ONLY ${name} IN ${mode} MODE`).join('; '));
  await refuseForeignObjects(database, schemas);
}

/** Counts rows for a plan, of tables that it holds from then on; `where` is empty or begins with `WHERE`. */
export class TableCounter {
  readonly #database: Database;
  readonly #schemas: readonly string[];
  readonly #hold: Hold;
  readonly #ask: Ask;
  readonly #held = new Set<string>();
  /** The table is held: what was counted is true to the end of the transaction. */
  readonly #counted = new Map<string, string>();

  /** @param ask sends a query that may take long */
  constructor(database: Database, schemas: readonly string[], { hold, ask }: { hold: Hold; ask: Ask }) {
    this.#database = database;
    this.#schemas = schemas;
    this.#hold = hold;
    this.#ask = ask;
  }

  /** Locks a table, then looks up what it is and whose, when nobody can change it any more. */
  async lock(table: string): Promise<void> {
    if (this.#held.has(table)) return;
    await this.#asking(table, `LOCK TABLE ${table} IN ${this.#hold} MODE`);
    await refuseForeignObjects(this.#database, this.#schemas);
    await this.#requireTable(table);
    this.#held.add(table);
  }

  async count(table: string, where: string): Promise<string> {
    const known = this.#counted.get(`${table} ${where}`);
    if (known !== undefined) return known;
    await this.lock(table);
    const sql = `select pg_catalog.count(*)::text as rows from ${table} ${where}`;
    const [row] = await this.#asking<{ rows: string }>(table, sql);
    if (row === undefined) throw new ProtocolError('no row of a count');
    this.#counted.set(`${table} ${where}`, row.rows);
    return row.rows;
  }

  /** A view in its place, which the owner of the schema can put there, would run code of its own. */
  async #requireTable(table: string): Promise<void> {
    const [found] = await this.#database.session.query(
      `select from pg_catalog.pg_class as c where c.oid = pg_catalog.to_regclass(${quoteLiteral(table)}) and c.relkind in ('r', 'p')`,
    );
    if (found !== undefined) return;
    throw new BootError('PUSH_REFUSED', {
      message: `The rows of ${plainLine(table)} cannot be counted: it is no longer a table`,
      hint: 'Look at who owns its schema, and restart.',
    });
  }

  async #asking<Row extends pg.QueryResultRow>(table: string, sql: string): Promise<readonly Row[]> {
    try {
      return await this.#ask<Row>(sql);
    } catch (error) {
      throw cannotCount(table, error) ?? error;
    }
  }
}

/** Such as row level security, under which a count would miss rows. */
function cannotCount(table: string, error: unknown): BootError | undefined {
  const isRefusal = error instanceof pg.DatabaseError && !isConnectionLoss(error);
  if (!isRefusal || explainPassing(error) !== undefined) return undefined;
  const message = `The rows of table ${plainLine(table)} cannot be counted, so that its change could lose data: ${plainLine(error.message)} (${error.code})`;
  return new BootError(
    'PUSH_REFUSED',
    { message, hint: 'Let the role that migrates read all of the table.' },
    error,
  );
}

/** Only who may write to a table acquires the lock that a new foreign key waits for; who may not cannot change the table either. */
function held(schemas: readonly string[]): string {
  return `${withTables(schemas)}
    select pg_catalog.format('%I.%I', n.nspname, c.relname)::text as name, m.mode
    from held as h join pg_catalog.pg_class as c on c.oid = h.oid join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    cross join lateral (select case when pg_catalog.has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') then 'ROW EXCLUSIVE'
      when pg_catalog.has_table_privilege(c.oid, 'SELECT') then 'ACCESS SHARE' end as mode) as m
    where c.relkind in ('r', 'p') and m.mode is not null order by 1`;
}
