import { ColumnTypeEnum, type SqlQuery, type SqlResultSet } from '@prisma/driver-adapter-utils';
import type { Database } from '../../database/database.ts';
import { EngineAdapterFactory } from '../../migrations/engine/engine-adapter.ts';
import { quoteIdentifier } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';

/** What the engine asks of the rows of a table before it drops or changes it. */
const COUNTS =
  /^SELECT COUNT\(\*\) FROM (?<schema>"(?:[^"]|"")+"\.)?(?<table>"(?:[^"]|"")+")(?<where> WHERE "(?:[^"]|"")+" IS NOT NULL)?$/;
const WRITES = /^\s*CREATE SCHEMA\b/;
const READS_CATALOG = /\bpg_|\binformation_schema\./;

/** Counts rows of a table, whose name is qualified and quoted; `where` is empty or begins with `WHERE`. */
type CountRows = (table: string, where: string) => Promise<string>;

/** Lets the engine read the catalog, keeps what it would write, and has what it asks of rows answered elsewhere. */
export class PushRecorder extends EngineAdapterFactory {
  readonly statements: string[] = [];
  /** Why the plan failed, where that may pass or a count failed: the engine makes an error of its own of it. */
  failure: unknown;
  readonly #schema: string;
  readonly #countRows: CountRows;

  constructor({ session }: Database, schema: string, countRows: CountRows) {
    super(session, schema, {
      table: 'pg_temp."_prisma_migrations"',
      isThere: () => false,
      scope: 'transaction',
      apply: () => Promise.reject(new Error('a push runs no script')),
    });
    this.#schema = schema;
    this.#countRows = countRows;
  }

  override async connect() {
    const adapter = await super.connect();
    const { queryRaw } = adapter;
    adapter.queryRaw = async (query: SqlQuery) => {
      const counted = COUNTS.exec(query.sql)?.groups;
      if (counted !== undefined) return this.#count(counted);
      if (!WRITES.test(query.sql)) return this.#read(() => queryRaw.call(adapter, catalogQuery(query)));
      this.statements.push(query.sql);
      return { columnNames: [], columnTypes: [], rows: [] };
    };
    adapter.executeRaw = async ({ sql }: SqlQuery) => {
      this.statements.push(sql);
      return 0;
    };
    return adapter;
  }

  async #read(send: () => Promise<SqlResultSet>): Promise<SqlResultSet> {
    try {
      return await send();
    } catch (error) {
      if (explainPassing(this.lastError) !== undefined) this.failure ??= this.lastError;
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
      const rows = await this.#countRows(`${schema}${table}`, where.trim());
      return { columnNames: ['count'], columnTypes: [ColumnTypeEnum.Int64], rows: [[rows]] };
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}

/** A query of another kind could run code of the owner of what it reads. */
function catalogQuery(query: SqlQuery): SqlQuery {
  if (READS_CATALOG.test(query.sql)) return query;
  throw new Error(`the schema engine reads more than the catalog: ${query.sql}`);
}
