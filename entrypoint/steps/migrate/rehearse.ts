import { bindMigrationAwareSqlAdapterFactory, type SqlQuery } from '@prisma/driver-adapter-utils';
import type { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { EngineAdapterFactory } from '../../migrations/engine/engine-adapter.ts';
import {
  createSchemaEngine,
  type SchemaEngine,
  toMigrationList,
} from '../../migrations/engine/schema-engine.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';
import { connectionLost } from '../../postgres/connection-lost.ts';
import { SAFE_PATH } from '../../postgres/session.ts';
import { liftForTransaction } from '../../postgres/time-limits.ts';
import { explainEngineError } from './engine-failure.ts';

interface Rehearsed {
  readonly appDir: string;
  readonly folder: MigrationsFolder;
  /** The namespaces a multi-schema datasource names. */
  readonly schemas: readonly string[];
}

/**
 * What the engine would refuse before it writes anything, such as tables that no migration made; undefined where it
 * would begin.
 */
export async function rehearse(database: Database, target: Rehearsed): Promise<BootError | undefined> {
  const { session } = database;
  const factory = new Rehearsal(database);
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  let engine: SchemaEngine | undefined;
  try {
    const begin = [
      'begin isolation level read committed read only',
      `set local search_path = ${SAFE_PATH}`,
      ...liftForTransaction(database.server.versionNum),
    ];
    await session.send(begin.join('; '));
    engine = await createSchemaEngine(adapter, target.schemas, () => undefined);
    await engine.applyMigrations({
      migrationsList: toMigrationList(target.folder),
      filters: { externalTables: [], externalEnums: [] },
    });
    return undefined;
  } catch (error) {
    await session.send('rollback').catch(() => undefined);
    if (!(await session.isAlive())) throw connectionLost(session.settings, session.lost.reason ?? error);
    return factory.hasBegun ? undefined : (factory.refusal ?? explainEngineError(error, target));
  } finally {
    engine?.free();
  }
}

/** Lets the engine look, and ends it where it would write first: a table or schema for its records, or a record. */
class Rehearsal extends EngineAdapterFactory {
  hasBegun = false;

  constructor({ session, state, historyTable, hasHistory }: Database) {
    super(session, state.schema, {
      table: historyTable,
      isThere: () => hasHistory,
      scope: 'transaction',
      apply: () => this.#end(),
    });
  }

  override async connect() {
    const adapter = await super.connect();
    const { queryRaw, executeRaw } = adapter;
    const writes = ({ sql }: SqlQuery) => /^\s*CREATE\b/.test(sql);
    adapter.queryRaw = (query) => (writes(query) ? this.#end() : queryRaw(query));
    adapter.executeRaw = (query) => (writes(query) ? this.#end() : executeRaw(query));
    return adapter;
  }

  async #end(): Promise<never> {
    this.hasBegun = true;
    throw new Error('a rehearsal writes nothing');
  }
}
