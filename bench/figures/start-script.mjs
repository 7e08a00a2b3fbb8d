import { alternate } from '../lib/alternate.mjs';
import { atLeast, ratioFigure } from '../lib/figure.mjs';
import { timeToServer } from '../lib/processes.mjs';

const STARTS =
  'Until the process of the server begins. With Zarpe it then loads while the database is looked at; the time to the first 200 counts what is left of that.';
const STAND_IN =
  "Prisma's native schema engine could not be downloaded: a stand-in that answers at once makes start.sh faster than life.";

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureStartScript({ run, opponent, nativeEngine, note }, rounds) {
  const zarpe = run(['entrypoint.js'], { ENTRYPOINT_SERVER: 'announces-start.cjs' });
  const script = {
    file: '/bin/sh',
    args: ['start.sh'],
    cwd: opponent,
    env: {
      ...zarpe.env,
      BENCH_SERVER: 'announces-start.cjs',
      // No question for a newer version, which would cost it time.
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      ...(!nativeEngine && { PRISMA_SCHEMA_ENGINE_BINARY: `${opponent}/schema-engine.sh` }),
    },
  };
  const samples = await alternate(
    { 'start.sh': () => timeToServer(script, note), Zarpe: () => timeToServer(zarpe, note) },
    rounds,
  );
  return [
    ratioFigure(samples, {
      name: "time added before the server starts, start.sh's over Zarpe's",
      of: 'start.sh',
      over: 'Zarpe',
      goal: atLeast(30),
      note: nativeEngine ? STARTS : `${STARTS} ${STAND_IN}`,
    }),
  ];
}
