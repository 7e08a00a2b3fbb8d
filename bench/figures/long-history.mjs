import { join } from 'node:path';
import { alternate } from '../lib/alternate.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { writeHistory } from '../lib/histories.mjs';
import { HEALTH } from '../lib/laboratory.mjs';
import { serve, timeToEnd, timeToServer } from '../lib/processes.mjs';

const LONG = 1000;
const SHORT = 10;
const ALONE = { ENTRYPOINT_SERVER: 'announces-start.cjs', ENTRYPOINT_PRELOAD: 'off' };

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureLongHistory({ run, app, databases, note }, rounds) {
  const [long, short] = [`${LONG} migrations`, `${SHORT} migrations`];
  const prepare = async (/** @type {number} */ migrations) => {
    const [folder, name] = [`prisma-${migrations}`, `history_${migrations}`];
    const environment = { DATABASE_URL: databases.url(name), ENTRYPOINT_PRISMA_DIR: folder };
    await writeHistory(join(app, folder), migrations);
    await databases.create(name);
    await timeToEnd(run(['entrypoint.js', 'migrate'], environment));
    return environment;
  };
  const environments = { [long]: await prepare(LONG), [short]: await prepare(SHORT) };
  const compare = (
    /** @type {(environment: Record<string, string>) => Promise<number>} */ measure,
    /** @type {Pick<import('../lib/figure.mjs').Figure, 'name' | 'note'>} */ figure,
  ) =>
    alternate(
      Object.fromEntries(
        Object.entries(environments).map(([name, environment]) => [name, () => measure(environment)]),
      ),
      rounds,
    ).then((samples) => ratioFigure(samples, { ...figure, of: long, over: short, goal: atMost(1.1) }));
  const history = `history grown to ${LONG.toLocaleString('en')} applied migrations`;
  return [
    await compare(
      async (environment) => {
        const server = await serve(run(['entrypoint.js'], environment), HEALTH);
        await server.stop();
        return server.ms;
      },
      { name: `${history}: warm start, to the first 200, over one with ${SHORT}` },
    ),
    await compare((environment) => timeToServer(run(['entrypoint.js'], { ...environment, ...ALONE }), note), {
      name: `${history}: Zarpe's own process until it hands over, over one with ${SHORT}`,
      note: 'The same without the server, whose loading hides most of it.',
    }),
  ];
}
