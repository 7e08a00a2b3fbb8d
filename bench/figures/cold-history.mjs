import { join } from 'node:path';
import { alternate } from '../lib/alternate.mjs';
import { scriptRunner } from '../lib/database.mjs';
import { atMost, ratioFigure } from '../lib/figure.mjs';
import { writeHistory } from '../lib/histories.mjs';
import { timeToEnd } from '../lib/processes.mjs';

const MIGRATIONS = 500;
const FOLDER = 'prisma-cold';

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureColdHistory({ run, node, app, databases }, rounds) {
  const files = await writeHistory(join(app, FOLDER), MIGRATIONS);
  const { isPsql, command: runner } = scriptRunner(node, files, databases, 'scripts');
  const onEmpty = async (/** @type {string} */ name, /** @type {() => Promise<number>} */ measure) => {
    await databases.create(name);
    try {
      return await measure();
    } finally {
      await databases.drop(name);
    }
  };
  const zarpe = run(['entrypoint.js', 'migrate'], {
    DATABASE_URL: databases.url('cold'),
    ENTRYPOINT_PRISMA_DIR: FOLDER,
  });
  const other = isPsql ? 'psql' : 'a script runner';
  const samples = await alternate(
    {
      Zarpe: () => onEmpty('cold', () => timeToEnd(zarpe)),
      [other]: () => onEmpty('scripts', () => timeToEnd(runner)),
    },
    rounds,
  );
  return [
    ratioFigure(samples, {
      name: `cold: a history of ${MIGRATIONS} migrations, Zarpe over one ${other} given the same files`,
      of: 'Zarpe',
      over: other,
      goal: atMost(1.3),
      note: isPsql ? undefined : 'There is no psql here: a script sends each file over one connection.',
    }),
  ];
}
