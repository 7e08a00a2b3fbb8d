import { ColumnTypeEnum, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { EngineAdapterFactory } from '../../migrations/engine/engine-adapter.ts';
import { quoteIdentifier } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import type { TableCounter } from './push-tables.ts';

/** What the engine asks of the rows of a table before it drops or changes it. */
const COUNTS =
  /^SELECT COUNT\(\*\) FROM (?<schema>"[^"]+"\.)?(?<table>"[^"]+")(?<where> WHERE "[^"]+" IS NOT NULL)?$/;
const WRITES = /^\s*CREATE SCHEMA\b/;
/** How its queries of the catalog begin, in which it puts no names. */
const READS_CATALOG =
  /^\s*(?:WITH rawindex AS|SELECT\s+(?:EXISTS\(SELECT 1 FROM pg_namespace|(?:namespace|schemainfo)\.nspname|tbl\.relname|oid\.namespace|con\.oid|[pt]\.(?:pro|typ)name|ext\.extname|views\.viewname|sequencename|sequence_name))\b/;
/** What of the catalog is text of which the engine makes no names; the type `"char"` has quotes of its own. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['column_default', 'constraint_definition', 'data_type', 'definition', 'description', 'formatted_type'],
  ...['predicate', 'reloptions', 'value', 'version', 'view_sql'],
]);

/** Lets the engine read the catalog, keeps what it would write, and has what it asks of rows answered elsewhere. */
export class PushRecorder extends EngineAdapterFactory {
  readonly statements: string[] = [];
  /** Why the plan failed, where that may pass or a count failed: the engine makes an error of its own of it. */
  failure: unknown;
  readonly #schema: string;
  readonly #counter: TableCounter;

  constructor({ session }: Database, schema: string, counter: TableCounter) {
    super(session, schema, {
      table: 'pg_temp."_prisma_migrations"',
      isThere: () => false,
      scope: 'transaction',
      apply: () => Promise.reject(new Error('a push runs no script')),
    });
    this.#schema = schema;
    this.#counter = counter;
  }

  override async connect() {
    const adapter = await super.connect();
    const { queryRaw } = adapter;
    adapter.queryRaw = async (query: SqlQuery) => {
      const counted = COUNTS.exec(query.sql)?.groups;
      if (counted !== undefined) return this.#count(counted);
      if (!WRITES.test(query.sql)) return this.#read(query, (read) => queryRaw.call(adapter, read));
      this.statements.push(query.sql);
      return { columnNames: [], columnTypes: [], rows: [] };
    };
    adapter.executeRaw = async ({ sql }: SqlQuery) => {
      this.statements.push(sql);
      return 0;
    };
    return adapter;
  }

  async #read(query: SqlQuery, send: (query: SqlQuery) => Promise<SqlResultSet>): Promise<SqlResultSet> {
    try {
      return requireQuotable(await send(catalogQuery(query)));
    } catch (error) {
      if (explainPassing(this.lastError) !== undefined) this.failure ??= this.lastError;
      if (error instanceof BootError) this.failure ??= error;
      throw error;
    }
  }

  /** The engine does not always name the schema, which is then that of the connection. */
  async #count({
    schema = `${quoteIdentifier(this.#schema)}.`,
    table = '',
    where = '',
  }: Record<string, string | undefined>): Promise<SqlResultSet> {
    try {
      const rows = await this.#counter.count(`${schema}${table}`, where.trim());
      return { columnNames: ['count'], columnTypes: [ColumnTypeEnum.Int64], rows: [[rows]] };
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}

/** The engine puts names between quotes as they are. What the answer says is all that it knows of the database. */
function requireQuotable(answer: SqlResultSet): SqlResultSet {
  const names = answer.columnNames.flatMap((column, index) => (TEXTS.has(column) ? [] : [index]));
  const cells = answer.rows.flatMap((row) => names.map((index) => row[index]));
  const name = cells.find((cell) => typeof cell === 'string' && cell.includes('"'));
  if (name === undefined) return answer;
  throw new BootError('PUSH_REFUSED', {
    message: `The name ${plainLine(String(name))} in the database contains a double quote, which Prisma's schema engine does not escape: part of the name would run as SQL`,
    hint: 'Rename or drop what has that name, or move it to a schema that the push does not manage.',
  });
}

/** A query of another kind could run code of the owner of what it reads. */
function catalogQuery(query: SqlQuery): SqlQuery {
  if (READS_CATALOG.test(query.sql)) return query;
  throw new Error(`the schema engine reads more than the catalog: ${query.sql}`);
}
