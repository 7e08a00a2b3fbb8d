import { alternate } from '../lib/alternate.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { timeToEnd, timeToServer } from '../lib/processes.mjs';

const EMPTY = 'node -e 0';

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureHandover({ run, note }, rounds) {
  const zarpe = (/** @type {string} */ handover) => () =>
    timeToServer(
      run(['entrypoint.js'], {
        ENTRYPOINT_HANDOVER: handover,
        ENTRYPOINT_PRELOAD: 'off',
        ENTRYPOINT_SERVER: 'announces-start.cjs',
      }),
      note,
    );
  const samples = await alternate(
    { [EMPTY]: () => timeToEnd(run(['-e', '0'])), spawn: zarpe('spawn'), exec: zarpe('exec') },
    rounds,
  );
  return ['spawn', 'exec'].map((handover) =>
    ratioFigure(samples, {
      name: `Zarpe's own process until it hands over (${handover}), over \`${EMPTY}\``,
      of: handover,
      over: EMPTY,
      goal: atMost(2),
      note: 'From the start of the process until that of the process of the server, which is not loaded meanwhile here. With exec, the latter is when Node.js has replaced it.',
    }),
  );
}
