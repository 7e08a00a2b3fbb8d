import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
} from '@prisma/driver-adapter-utils';
import type { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import { guardHistory, refusedByGuard } from '../../database/history-guard.ts';
import { quoteIdentifier, SAFE_PATH, type Session } from '../../postgres/session.ts';
import { explainPassing } from '../../postgres/statement-error.ts';
import { type MigrationRecord, readRecord } from '../migration-record.ts';
import { SessionPool, withChars } from './session-pool.ts';

/** What the engine's statements about migrations are turned into. */
export interface MigrationHooks {
  /** `_prisma_migrations`, qualified and quoted: the engine names it without a schema. */
  readonly table: string;
  /** Whether it was there when it was last looked for. */
  readonly isThere: () => boolean;
  /** Whose the search path and the transaction are: a pooler's session is nobody's own, and each statement sets them. */
  readonly scope: 'session' | 'pooled' | 'transaction';
  /** Applies a script, and writes its record: what the engine writes to it is dropped. */
  apply(record: MigrationRecord, script: string): Promise<void>;
}

/** A table that is not there is not looked for where another role may put one of its own since: the engine makes ours, or fails. */
const NOWHERE = 'pg_temp."_prisma_migrations"';

const CREATES = /^\s*CREATE TABLE\b/;

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
    hookInto(adapter, this.#session, this.#schema, this.#hooks, (error) => {
      this.refusal ??= refusedByGuard(error, this.#schema) ?? explainPassing(error);
      return error;
    });
    return adapter;
  }
}

function hookInto(
  adapter: SqlDriverAdapter,
  session: Session,
  schema: string | null,
  hooks: MigrationHooks,
  keep: (error: unknown) => unknown,
): void {
  const { queryRaw, executeRaw } = adapter;
  let isCreated = false;
  const qualified = (query: SqlQuery): SqlQuery => {
    isCreated ||= CREATES.test(query.sql);
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

  const forward = async <Answer>(query: SqlQuery, send: (query: SqlQuery) => Promise<Answer>) => {
    faultPoint('engine:statement');
    const sent = qualified(query);
    const answer = await inScope(session, hooks, sent, () => send(sent)).catch((error: unknown) => {
      throw keep(error);
    });
    faultPoint('engine:answered');
    return answer;
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

/** Sends a statement so that nothing of another role is run by it: what names the history holds it meanwhile. */
async function inScope<Answer>(
  session: Session,
  { table, scope }: MigrationHooks,
  { sql }: SqlQuery,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const guard = !sql.includes(table) || CREATES.test(sql) ? [] : guardHistory(table, accessOf(sql));
  if (scope === 'transaction' && guard.length > 0) await session.send(guard.join('; '));
  if (scope === 'transaction' || (scope === 'session' && guard.length === 0)) return session.answered(send);
  const begin = `begin isolation level read committed; set local search_path = ${SAFE_PATH}`;
  try {
    await session.send([begin, ...guard].join('; '));
    const answer = await session.answered(send);
    await session.send('commit');
    return answer;
  } catch (error) {
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
    throw error;
  }
}

function accessOf(sql: string): 'ACCESS SHARE' | 'ROW EXCLUSIVE' {
  return /^\s*SELECT\b/i.test(sql) ? 'ACCESS SHARE' : 'ROW EXCLUSIVE';
}
