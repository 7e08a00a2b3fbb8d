import { alternate } from '../lib/alternate.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { HEALTH } from '../lib/laboratory.mjs';
import { serve } from '../lib/processes.mjs';

const BARE = 'node server.js';
const BARE_CACHED = 'node server.js with the compile cache';
const HANDOVERS = ['spawn', 'exec', 'auto'];

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureFirstAnswer({ run, compiled }, rounds) {
  const contender =
    (/** @type {string[]} */ args, /** @type {Record<string, string>} */ extra) => async () => {
      const server = await serve(run(args, extra), HEALTH);
      await server.stop();
      return server.ms;
    };
  const samples = await alternate(
    Object.fromEntries([
      [BARE, contender(['server.js'], {})],
      [BARE_CACHED, contender(['server.js'], compiled)],
      ...HANDOVERS.map((handover) => [
        `Zarpe, ${handover}`,
        contender(['entrypoint.js'], { ENTRYPOINT_HANDOVER: handover }),
      ]),
    ]),
    rounds,
  );
  const name = (/** @type {string} */ handover, /** @type {string} */ bare) =>
    `time to the first 200, Zarpe (${handover}) over bare \`${BARE}\`${bare}`;
  return [
    ...HANDOVERS.map((handover) =>
      ratioFigure(samples, {
        name: name(handover, ''),
        of: `Zarpe, ${handover}`,
        over: BARE,
        goal: atMost(1),
      }),
    ),
    ratioFigure(samples, {
      name: name('spawn', ' that is given the compile cache of our image'),
      of: 'Zarpe, spawn',
      over: BARE_CACHED,
    }),
  ];
}
