import { PrismaPg } from '@prisma/adapter-pg';
import type {
  SqlDriverAdapter,
  SqlMigrationAwareDriverAdapterFactory,
  SqlQuery,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { faultPoint } from '../../core/fault-point.ts';
import { quoteIdentifier, SAFE_PATH, type Session } from '../../postgres/session.ts';
import { type MigrationRecord, readRecord } from '../migration-record.ts';

/** What the engine's statements about migrations are turned into. */
export interface MigrationHooks {
  /** `_prisma_migrations`, qualified and quoted: the engine names it without a schema. */
  readonly table: string;
  /** Whether it was there when it was last looked for. */
  readonly isThere: () => boolean;
  /** Whether a session is nobody's own, so that each statement sets the search path for itself. */
  readonly isPooled: boolean;
  /** Applies a script, and writes its record: what the engine writes to it is dropped. */
  apply(record: MigrationRecord, script: string): Promise<void>;
}

/** A table that is not there is not looked for where another role may put one of its own since: the engine makes ours, or fails. */
const NOWHERE = 'pg_temp."_prisma_migrations"';

/** Sends everything through one connection: the engine's session is the one that holds the locks. */
class SessionPool extends pg.Pool {
  constructor(session: Session) {
    super({ max: 1 });
    const { client } = session;
    this.query = client.query.bind(client) as typeof this.query;
  }
}

/**
 * Prisma's own driver adapter, with the three things it does otherwise than the native engine mended: scripts are not
 * split, the lock does not block, and the history is written where it belongs.
 */
export class EngineAdapterFactory extends PrismaPg implements SqlMigrationAwareDriverAdapterFactory {
  readonly #session: Session;
  readonly #schema: string | null;
  readonly #hooks: MigrationHooks;

  constructor(session: Session, schema: string | null, hooks: MigrationHooks) {
    super(new SessionPool(session), schema === null ? {} : { schema });
    this.#session = session;
    this.#schema = schema;
    this.#hooks = hooks;
  }

  override async connect() {
    const adapter = await super.connect();
    hookInto(adapter, this.#session, this.#schema, this.#hooks);
    return adapter;
  }
}

function hookInto(
  adapter: SqlDriverAdapter,
  session: Session,
  schema: string | null,
  hooks: MigrationHooks,
): void {
  const { queryRaw, executeRaw } = adapter;
  let isCreated = false;
  const qualified = (query: SqlQuery): SqlQuery => {
    isCreated ||= /^\s*CREATE TABLE\b/.test(query.sql);
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

  adapter.queryRaw = async (query) =>
    intercept(query)
      ? { columnNames: [], columnTypes: [], rows: [] }
      : forward(session, hooks.isPooled, () => queryRaw.call(adapter, qualified(query)));
  adapter.executeRaw = async (query) =>
    intercept(query) ? 1 : forward(session, hooks.isPooled, () => executeRaw.call(adapter, qualified(query)));
  adapter.executeScript = async (script) => {
    if (begun === undefined) throw new Error('the engine runs a script of no migration');
    await hooks.apply(begun, script);
  };
}

async function forward<Answer>(
  session: Session,
  isPooled: boolean,
  send: () => Promise<Answer>,
): Promise<Answer> {
  faultPoint('engine:statement');
  const answer = await (isPooled ? withSafePath(session, send) : session.answered(send));
  faultPoint('engine:answered');
  return answer;
}

async function withSafePath<Answer>(session: Session, send: () => Promise<Answer>): Promise<Answer> {
  await session.send(`begin; set local search_path = ${SAFE_PATH}`);
  try {
    const answer = await session.answered(send);
    await session.send('commit');
    return answer;
  } catch (error) {
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
    throw error;
  }
}
