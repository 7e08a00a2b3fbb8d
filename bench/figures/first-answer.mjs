import { alternate } from '../lib/alternate.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { HEALTH } from '../lib/laboratory.mjs';
import { serve } from '../lib/processes.mjs';

const BARE = 'node server.js';
const HANDOVERS = ['spawn', 'exec', 'auto'];

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureFirstAnswer({ run }, rounds) {
  const contender =
    (/** @type {string[]} */ args, /** @type {Record<string, string>} */ extra) => async () => {
      const server = await serve(run(args, extra), HEALTH);
      await server.stop();
      return server.ms;
    };
  const samples = await alternate(
    Object.fromEntries([
      [BARE, contender(['server.js'], {})],
      ...HANDOVERS.map((handover) => [
        `Zarpe, ${handover}`,
        contender(['entrypoint.js'], { ENTRYPOINT_HANDOVER: handover }),
      ]),
    ]),
    rounds,
  );
  return HANDOVERS.map((handover) =>
    ratioFigure(samples, {
      name: `time to the first 200, Zarpe (${handover}) over bare \`${BARE}\``,
      of: `Zarpe, ${handover}`,
      over: BARE,
      goal: atMost(1),
    }),
  );
}
