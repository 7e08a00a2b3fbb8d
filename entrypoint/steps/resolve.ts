import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { Context } from '../core/context.ts';
import { BootError } from '../core/errors.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { EngineAdapterFactory } from '../migrations/engine/engine-adapter.ts';
import { createSchemaEngine, toMigrationList } from '../migrations/engine/schema-engine.ts';
import { connectionLost } from '../postgres/connection-lost.ts';
import type { Exclusion } from './boot-lock.ts';
import type { PrismaFolder } from './check-build/check-prisma.ts';

export interface Resolution {
  readonly name: string;
  readonly outcome: 'applied' | 'rolled-back';
}

/** Marks a migration as applied or rolled back, with Prisma's own engine. */
export async function resolveMigration(
  { database, lock }: Exclusion,
  prisma: PrismaFolder,
  { name, outcome }: Resolution,
  context: Context,
): Promise<void> {
  await context.steps.run('resolve', async (log) => {
    await lock.acquire();
    await lock.acquirePrismaLock();
    const { schema } = await database.refresh();
    const factory = new EngineAdapterFactory(database.session, schema, {
      table: database.historyTable,
      isThere: () => database.hasHistory,
      scope: database.isPooled ? 'pooled' : 'session',
      apply: () => Promise.reject(new Error('resolve never applies a migration')),
    });
    await database.speakUtc();
    const engine = await createSchemaEngine(
      bindMigrationAwareSqlAdapterFactory(factory),
      prisma.schemas,
      () => undefined,
    );
    try {
      if (outcome === 'rolled-back') await engine.markMigrationRolledBack({ migrationName: name });
      else if (prisma.folder !== undefined) {
        await engine.markMigrationApplied({
          migrationName: name,
          migrationsList: toMigrationList(prisma.folder),
        });
      }
    } catch (error) {
      if (factory.refusal !== undefined) throw factory.refusal;
      const { session } = database;
      throw (await session.isAlive())
        ? refused(name, outcome, error)
        : connectionLost(session.settings, session.lost.reason ?? error);
    } finally {
      engine.free();
    }
    log.done(`marked ${name} as ${outcome}`, { migration: name });
  });
}

function refused(name: string, outcome: Resolution['outcome'], error: unknown): BootError {
  const message = messageOf(error).split('\n   0:')[0]?.trim() ?? '';
  const problem = {
    message: `Could not mark migration ${name} as ${outcome}: ${message} (${codeOf(error)})`,
    hint: '`node entrypoint.js status` lists the migrations and their state.',
  };
  return new BootError('RESOLVE_REFUSED', problem, error);
}
