import type { Config } from '../../config.ts';
import type { BootError } from '../../core/errors.ts';
import { toBootError } from '../../core/to-boot-error.ts';
import type { Database } from '../../database/database.ts';
import { listTables } from '../../database/list-tables.ts';
import { readOnly } from '../../database/read-only.ts';
import { type SeedCount, seedTables } from '../../database/survey-answer.ts';
import { showCommand } from '../../lib/show-command.ts';
import type { Migration } from '../../migrations/migrations-folder.ts';
import { checkCommand } from '../../steps/seed/run-seed.ts';
import type { SeedTarget } from '../../steps/seed/settings.ts';
import { seedUndecided } from '../../steps/seed/undecided.ts';
import { describeRows, seedCommand } from '../../steps/seed.ts';
import { makesTable } from './created-tables.ts';
import { type Finding, failures, ok, warning } from './finding.ts';
import { describeNamedSeed } from './named-seed.ts';

/**
 * Whether the boot would run the seed, and why.
 * @param database undefined if it does not exist and the boot would create it
 * @param pending the migrations that the boot would apply before
 */
export async function checkSeed(
  database: Database | undefined,
  config: Config & Pick<SeedTarget, 'migrated'>,
  pending: readonly Migration[],
): Promise<Finding[]> {
  const { seed, appDir, migrated } = config;
  const command = seedCommand(appDir, seed);
  if (seed.mode === 'never') return [ok('seed', 'the boot would not seed (ENTRYPOINT_SEED=never)')];
  if (command === undefined)
    return [ok('seed', 'the boot would not seed: there is no seed.js'), ...describeNamedSeed(config)];
  const wouldRun = (why: string): Finding[] => {
    const problem = problemOf(() => {
      if (database?.state.server.readOnly) throw readOnly(database.session.settings, 'the seed has to run');
      checkCommand(command, config);
    });
    return problem === undefined
      ? [ok('seed', `the boot would run ${showCommand(command, appDir)}: ${why}`)]
      : failedSeed(problem, config);
  };
  if (seed.mode === 'always') return wouldRun('ENTRYPOINT_SEED is always');
  const count: SeedCount = database?.state.seed ?? { kind: 'missing', tables: seedTables(seed.table) };
  if (count.kind === 'counted') {
    return count.rows === 0
      ? wouldRun(`${count.table} is empty`)
      : [ok('seed', `the boot would not seed: ${count.table} has ${describeRows(count.rows)}`)];
  }
  if (count.kind === 'missing' && !migrated)
    return [ok('seed', 'the boot would not seed: a migration fails, and there is no user table')];
  const schema = database?.state.schema ?? config.database.connection.schema ?? null;
  const made = count.kind === 'missing' ? makesTable(pending, count.tables, schema ?? 'public') : 'no';
  if (made === 'yes')
    return wouldRun(
      'a pending migration creates the user table (if it also inserts rows, the seed is skipped)',
    );
  if (made === 'perhaps') {
    return [
      warning(
        'seed',
        `the boot decides after the migrations: there is no table ${seedTables(seed.table).join(', ')} yet`,
      ),
    ];
  }
  const tables = database === undefined ? [] : await listTables(database.session, schema);
  return failedSeed(seedUndecided(count, seed, schema, tables), config);
}

/** With ENTRYPOINT_SEED_ON_ERROR=continue the boot only warns about a failed seed. */
function failedSeed(error: BootError, { seed }: Config): Finding[] {
  const found = failures('seed', error);
  if (seed.onError === 'abort' || error.exit.name !== 'seed') return found;
  return found.map(({ message, details }) => warning('seed', message, details));
}

function problemOf(work: () => void): BootError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return toBootError(error);
  }
}
