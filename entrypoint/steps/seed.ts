import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import type { Context } from '../core/context.ts';
import { faultPoint } from '../core/fault-point.ts';
import type { StepLog } from '../core/step-log.ts';
import type { Database } from '../database/database.ts';
import { readOnly } from '../database/read-only.ts';
import type { SeedCount } from '../database/survey-answer.ts';
import { COUNT_LIMIT } from '../database/survey-query.ts';
import { count } from '../lib/count.ts';
import { connectionLost } from '../postgres/connection-lost.ts';
import type { Exclusion } from './boot-lock.ts';
import { continueOnError } from './continue-on-error.ts';
import type { SeedConfig, SeedTarget } from './seed/settings.ts';

export const DEFAULT_SEED = 'seed.js';
/** The second is an ES module, whatever `package.json` says. */
const SEED_FILES = [DEFAULT_SEED, 'seed.mjs'];

/** What runs: the command as a program and its arguments; undefined where there is none. */
export function seedCommand(appDir: string, config: SeedConfig): readonly string[] | undefined {
  if (config.command !== undefined) return parseArgsStringToArgv(config.command);
  const file = SEED_FILES.find((name) => existsSync(join(appDir, name)));
  return file === undefined ? undefined : ['node', file];
}

const ON_ERROR = {
  exit: 'seed',
  warning: 'the seed failed and ENTRYPOINT_SEED_ON_ERROR=continue: the server starts without it',
} as const;

/**
 * Seeds a database without users, once among all replicas: decided under the boot lock, and counted again afterwards.
 * @returns whether it seeded
 */
export async function seed(
  { database, lock }: Exclusion,
  target: SeedTarget,
  config: SeedConfig,
  context: Context,
): Promise<boolean> {
  return context.steps.run('seed', async (log) => {
    const skip = (why: string) => {
      log.skipped(`skipped: ${why}`);
      return false;
    };
    if (config.mode === 'never') return skip('ENTRYPOINT_SEED=never');
    const command = seedCommand(target.appDir, config);
    if (command === undefined) return skip(`there is no ${DEFAULT_SEED}`);
    let seeded = false;
    await continueOnError({ ...ON_ERROR, onError: config.onError }, log, async () => {
      if (!(await wantsSeed(database, target, config, log))) return;
      if (database.state.server.readOnly) throw readOnly(database.session.settings, 'the seed has to run');
      const { checkCommand, runSeed } = await import('./seed/run-seed.ts');
      checkCommand(command, target);
      await lock.acquire();
      await database.refresh();
      if (!(await wantsSeed(database, target, config, log))) return;
      faultPoint('seed:before');
      const run = { target, timeoutMs: config.timeoutMs, lockLost: lock.lost };
      await runSeed(command, run, context, log).catch(async (error: unknown) => {
        throw (await database.session.isAlive())
          ? error
          : connectionLost(database.session.settings, lock.lost.reason ?? error);
      });
      faultPoint('seed:after');
      const { seed: after } = await database.refresh();
      reportSeeded(after, log);
      seeded = true;
    });
    return seeded;
  });
}

/** A missing table, an empty one, and a count that failed are three things: only an empty one is seeded. */
async function wantsSeed(
  database: Database,
  { migrated }: SeedTarget,
  config: SeedConfig,
  log: StepLog,
): Promise<boolean> {
  const { seed: count, schema } = database.state;
  if (config.mode === 'always') return true;
  if (count.kind === 'missing' && !migrated) {
    log.skipped(`skipped: a migration failed, and there is no table ${count.tables.join(', ')}`);
    return false;
  }
  if (count.kind !== 'counted') {
    const [{ listTables }, { seedUndecided }] = await Promise.all([
      import('../database/list-tables.ts'),
      import('./seed/undecided.ts'),
    ]);
    throw seedUndecided(count, config, schema, await listTables(database.session, schema));
  }
  if (count.rows > 0)
    log.skipped(`skipped: ${count.table} has ${describeRows(count.rows)}`, { rows: count.rows });
  return count.rows === 0;
}

function reportSeeded(after: SeedCount, log: StepLog): void {
  if (after.kind === 'counted' && after.rows > 0) {
    log.done(`seeded: ${after.table} has ${describeRows(after.rows)}`, { rows: after.rows });
  } else if (after.kind === 'counted') {
    log.warn(
      'empty',
      `the seed succeeded, but ${after.table} is still empty: it will run again at the next start`,
    );
    log.done('seeded', { rows: 0 });
  } else {
    log.done('seeded');
  }
}

/** A bounded count, in words. */
export function describeRows(rows: number): string {
  if (rows >= COUNT_LIMIT) return `${COUNT_LIMIT} rows or more`;
  return count(rows, 'row');
}
