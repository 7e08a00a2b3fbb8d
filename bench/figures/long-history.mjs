import { join } from 'node:path';
import { alternate } from '../lib/alternate.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { writeHistory } from '../lib/histories.mjs';
import { timeToEnd, timeToServer } from '../lib/processes.mjs';

const LONG = 1000;
const SHORT = 10;

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureLongHistory({ run, app, databases, note }, rounds) {
  const warmStart = async (/** @type {number} */ migrations) => {
    const [folder, name] = [`prisma-${migrations}`, `history_${migrations}`];
    const extra = { DATABASE_URL: databases.url(name), ENTRYPOINT_PRISMA_DIR: folder };
    await writeHistory(join(app, folder), migrations);
    await databases.create(name);
    await timeToEnd(run(['entrypoint.js', 'migrate'], extra));
    const command = run(['entrypoint.js'], { ...extra, ENTRYPOINT_SERVER: 'announces-start.cjs' });
    return () => timeToServer(command, note);
  };
  const [long, short] = [`${LONG} migrations`, `${SHORT} migrations`];
  const samples = await alternate({ [long]: await warmStart(LONG), [short]: await warmStart(SHORT) }, rounds);
  return [
    ratioFigure(samples, {
      name: `history grown to ${LONG.toLocaleString('en')} applied migrations: warm start over one with ${SHORT}`,
      of: long,
      over: short,
      goal: atMost(1.1),
      note: 'Until the process of the server begins: what the server takes after that does not water it down.',
    }),
  ];
}
