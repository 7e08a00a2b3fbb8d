import { bindMigrationAwareSqlAdapterFactory, type SqlQuery } from '@prisma/driver-adapter-utils';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { untrustedOwner } from '../../database/trust.ts';
import { messageOf } from '../../lib/describe-error.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { EngineAdapterFactory } from '../../migrations/engine/engine-adapter.ts';
import { createSchemaEngine, type SchemaEngine } from '../../migrations/engine/schema-engine.ts';
import { connectionLost } from '../../postgres/connection-lost.ts';
import { quoteLiteral, SAFE_PATH } from '../../postgres/session.ts';
import type { PrismaFolder } from '../check-build/check-prisma.ts';
import { readSchemaFiles } from '../check-build/datasource.ts';

const WRITES = /^\s*CREATE SCHEMA\b/;

/**
 * The statements that `prisma db push` would run, in a transaction that reads only. Throws `PUSH_REFUSED` where they would
 * lose data, or fail on the data that is there.
 */
export async function planPush(
  database: Database,
  { schemaFiles, schemas }: PrismaFolder,
  appDir: string,
): Promise<readonly string[]> {
  const { session } = database;
  await refuseForeignTables(database, schemas);
  const recorder = new PushRecorder(database);
  let engine: SchemaEngine | undefined;
  try {
    // Row level security would hide rows from the counts that show whether data would be lost, and run its policies.
    await session.send(
      `begin isolation level read committed read only; set local search_path = ${SAFE_PATH}; set local row_security = off`,
    );
    engine = await createSchemaEngine(
      bindMigrationAwareSqlAdapterFactory(recorder),
      schemas,
      () => undefined,
    );
    const { unexecutable, warnings } = await engine.schemaPush({
      force: false,
      schema: { files: readSchemaFiles(schemaFiles, appDir) },
      filters: { externalTables: [], externalEnums: [] },
    });
    if (unexecutable.length + warnings.length > 0) throw wouldLoseData([...unexecutable, ...warnings]);
    return recorder.statements;
  } catch (error) {
    if (error instanceof BootError) throw error;
    if (session.lost.aborted) throw connectionLost(session.settings, session.lost.reason ?? error);
    throw recorder.refusal ?? notUnderstood(error);
  } finally {
    engine?.free();
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
  }
}

/** Lets the engine read, and keeps what it would write. */
class PushRecorder extends EngineAdapterFactory {
  readonly statements: string[] = [];

  constructor({ session, state }: Database) {
    super(session, state.schema ?? session.settings.schema ?? null, {
      table: 'pg_temp."_prisma_migrations"',
      isThere: () => false,
      scope: 'transaction',
      apply: () => Promise.reject(new Error('a push runs no script')),
    });
  }

  override async connect() {
    const adapter = await super.connect();
    const { queryRaw } = adapter;
    adapter.queryRaw = async (query: SqlQuery) => {
      if (!WRITES.test(query.sql)) return queryRaw.call(adapter, query);
      this.statements.push(query.sql);
      return { columnNames: [], columnTypes: [], rows: [] };
    };
    adapter.executeRaw = async ({ sql }: SqlQuery) => {
      this.statements.push(sql);
      return 0;
    };
    return adapter;
  }
}

/** To count the rows of a table, and to change it, runs functions of its owner. */
async function refuseForeignTables({ session, state }: Database, schemas: readonly string[]): Promise<void> {
  const all = [...schemas, ...(state.schema === null ? [] : [state.schema])];
  if (all.length === 0) return;
  const [found] = await session.query<{ name: string; owner: string }>(`
    select pg_catalog.format('%I.%I', n.nspname, c.relname)::text as name, ${untrustedOwner('c')} as owner
    from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in (${all.map(quoteLiteral).join(', ')}) and c.relkind in ('r', 'p')
      and not exists (select from pg_catalog.pg_depend as d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
      and ${untrustedOwner('c')} is not null limit 1`);
  if (found === undefined) return;
  throw new BootError('PUSH_REFUSED', {
    message: `Table ${plainLine(found.name)} belongs to role "${plainLine(found.owner)}", whose code a push could run`,
    hint: 'Give the table to the role that migrates (ALTER TABLE … OWNER TO …), or move it to another schema.',
  });
}

function wouldLoseData(changes: readonly string[]): BootError {
  return new BootError('PUSH_REFUSED', {
    message: 'The schema cannot be pushed without losing data, or fails on the data that is there',
    hint: 'Nothing was changed. Change the schema or the data so that nothing is lost, or change to migrations, in which you say what happens to the data.',
    details: changes.map(plainLine),
  });
}

function notUnderstood(error: unknown): BootError {
  const text = (messageOf(error).split('\n   0:')[0] ?? '').trim().replace(/^error: /, '');
  const [message = '', ...details] = text.split('\n');
  return new BootError(
    'PUSH_REFUSED',
    {
      message: `Prisma's schema engine cannot push the schema: ${plainLine(message.replace(/\.$/, ''))}`,
      hint: 'Nothing was changed. `npx prisma validate` checks the schema.',
      details: details.map(plainLine),
    },
    error,
  );
}
