import type { Config } from '../../config.ts';
import type { Database } from '../../prisma/database.ts';
import { describeRows, seedCommand } from '../../steps/seed.ts';
import { type Finding, ok, warning } from './finding.ts';

/** What the seed would do, and why. */
export function checkSeed({ state }: Database, { seed, appDir }: Config): Finding {
  const command = seedCommand(appDir, seed)?.join(' ');
  if (seed.mode === 'never') return ok('seed', 'would not run: ENTRYPOINT_SEED=never');
  if (command === undefined) return ok('seed', 'would not run: there is no seed.js');
  if (seed.mode === 'always') return ok('seed', `would run \`${command}\`: ENTRYPOINT_SEED=always`);
  switch (state.seed.kind) {
    case 'missing':
      return ok(
        'seed',
        `decided after the migrations: there is no table ${state.seed.tables.join(', ')} yet`,
      );
    case 'unreadable':
      return warning('seed', `cannot be decided: ${state.seed.table}: ${state.seed.reason}`);
    case 'counted':
      return state.seed.rows === 0
        ? ok('seed', `would run \`${command}\`: ${state.seed.table} is empty`)
        : ok('seed', `would not run: ${state.seed.table} has ${describeRows(state.seed.rows)}`);
  }
}
