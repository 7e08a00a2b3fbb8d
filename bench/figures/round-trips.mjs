import { atMost } from '../lib/figure.mjs';
import { timeToServer } from '../lib/processes.mjs';
import { countQueries } from '../lib/query-counter.mjs';
import { spread } from '../lib/statistics.mjs';

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} runs
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureRoundTrips({ run, note, databases }, runs) {
  const counted = [];
  for (let i = 0; i < runs; i += 1) {
    const counter = await countQueries(databases.server.port);
    const url = new URL(databases.url('app'));
    url.port = String(counter.port);
    const extra = { DATABASE_URL: url.href, ENTRYPOINT_SERVER: 'announces-start.cjs' };
    await timeToServer(run(['entrypoint.js'], extra), note);
    counter.close();
    counted.push(counter.counts.roundTrips);
  }
  return [
    {
      name: 'round trips to the database on a warm start, after the connection',
      unit: 'round trips',
      goal: atMost(1),
      value: spread(counted),
    },
  ];
}
