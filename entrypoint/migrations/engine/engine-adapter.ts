import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
} from '@prisma/driver-adapter-utils';
import type { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import { refusedByGuard } from '../../database/history-guard.ts';
import { quoteIdentifier, type Session } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import { type MigrationRecord, readRecord } from '../migration-record.ts';
import { createsTable, inScope, type StatementScope } from './in-scope.ts';
import { SessionPool, withChars } from './session-pool.ts';

/** What the engine's statements about migrations are turned into. */
export interface MigrationHooks extends StatementScope {
  /** Whether it was there when it was last looked for. */
  readonly isThere: () => boolean;
  /** Applies a script, and writes its record: what the engine writes to it is dropped. */
  apply(record: MigrationRecord, script: string): Promise<void>;
}

/** A table that is not there is not looked for where another role may put one of its own since: the engine makes ours, or fails. */
const NOWHERE = 'pg_temp."_prisma_migrations"';

/**
 * Prisma's own driver adapter, with the three things it does otherwise than the native engine mended: scripts are not
 * split, the lock does not block, and the history is written where it belongs.
 */
export class EngineAdapterFactory extends PrismaPg implements SqlMigrationAwareDriverAdapterFactory {
  readonly #session: Session;
  readonly #schema: string | null;
  readonly #hooks: MigrationHooks;
  readonly #last: { readonly error?: unknown };
  /** Why the engine was not let at the history, or what stopped it and passes; of an error it makes one of its own. */
  refusal: BootError | undefined;

  constructor(session: Session, schema: string | null, hooks: MigrationHooks) {
    const last: { error?: unknown } = {};
    const pool = new SessionPool(session, (error) => {
      last.error = error;
    });
    super(pool, schema === null ? {} : { schema });
    this.#last = last;
    this.#session = session;
    this.#schema = schema;
    this.#hooks = hooks;
  }

  /** What the server said of the last statement of the engine that failed. */
  protected get lastError(): unknown {
    return this.#last.error;
  }

  override async connect() {
    const adapter = await super.connect();
    hookInto(adapter, this.#schema, this.#hooks, (sql, send) => this.#send(sql, send));
    return adapter;
  }

  async #send<Answer>(sql: string, send: () => Promise<Answer>): Promise<Answer> {
    faultPoint('engine:statement');
    const answer = await inScope(this.#session, this.#hooks, sql, send).catch((error: unknown) => {
      this.refusal ??= refusedByGuard(error, this.#schema) ?? explainPassing(error);
      throw error;
    });
    faultPoint('engine:answered');
    return answer;
  }
}

/** Sends a statement of the engine as `send` does, with what it needs around it. */
type Surround = <Answer>(sql: string, send: () => Promise<Answer>) => Promise<Answer>;

function hookInto(
  adapter: SqlDriverAdapter,
  schema: string | null,
  hooks: MigrationHooks,
  surround: Surround,
): void {
  const { queryRaw, executeRaw } = adapter;
  let isCreated = false;
  const qualified = (query: SqlQuery): SqlQuery => {
    isCreated ||= createsTable(query.sql);
    const table = isCreated || hooks.isThere() ? hooks.table : NOWHERE;
    return {
      ...query,
      sql: query.sql
        // The engine quotes this name without escaping it.
        .replace(`CREATE SCHEMA "${schema}"`, () => `CREATE SCHEMA ${quoteIdentifier(schema ?? '')}`)
        .replace(/"?\b_prisma_migrations\b"?/g, () => table),
    };
  };
  let begun: MigrationRecord | undefined;
  /** Whether a statement is seen to here, and must not reach the server. */
  const intercept = ({ sql, args }: SqlQuery): boolean => {
    // Whoever uses the engine holds it, and has looked at the history since.
    if (/pg_advisory_lock\(/.test(sql)) return true;
    const record = readRecord(sql, args);
    begun = record ?? begun;
    if (record !== undefined) return true;
    return begun !== undefined && /^UPDATE "_prisma_migrations"/.test(sql) && args.at(-1) === begun.id;
  };

  const forward = <Answer>(query: SqlQuery, send: (query: SqlQuery) => Promise<Answer>) => {
    const sent = qualified(query);
    return surround(sent.sql, () => send(sent));
  };
  adapter.queryRaw = async (query) =>
    intercept(query)
      ? { columnNames: [], columnTypes: [], rows: [] }
      : forward(query, async (sent) => withChars(await queryRaw.call(adapter, sent)));
  adapter.executeRaw = async (query) =>
    intercept(query) ? 1 : forward(query, (sent) => executeRaw.call(adapter, sent));
  adapter.executeScript = async (script) => {
    if (begun === undefined) throw new Error('the engine runs a script of no migration');
    await hooks.apply(begun, script);
  };
}
