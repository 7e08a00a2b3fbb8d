import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { atMost } from '../lib/figure.mjs';
import { HEALTH } from '../lib/laboratory.mjs';
import { serve } from '../lib/processes.mjs';
import { spread } from '../lib/statistics.mjs';

const REQUESTS = 20;
const SETTLE_MS = 3000;

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} runs
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureMemory({ run }, runs) {
  /** @type {[handover: string, title: string, limit: number][]} */
  const cases = [
    ['spawn', 'spawned', 28],
    ['exec', 'handed over', 0],
  ];
  const figures = [];
  for (const [handover, title, limit] of cases) {
    const measured = [];
    for (let i = 0; i < runs; i += 1) measured.push(await measureSupervisor(run, handover));
    figures.push({
      name: `memory while serving, the supervisor's own (PSS), ${title}`,
      unit: /** @type {const} */ ('MB'),
      goal: atMost(limit),
      value: spread(measured),
      note: `PSS is a process's own pages and its share of those in common with others, here with the server. Taken ${SETTLE_MS / 1000} s after the first 200 and ${REQUESTS} requests. Handed over, the process is the server, and nothing is left of us.`,
    });
  }
  return figures;
}

/**
 * Megabytes of the process that was started, none when it has become the server.
 * @param {import('../lib/laboratory.mjs').Laboratory['run']} run
 * @param {string} handover
 */
async function measureSupervisor(run, handover) {
  const server = await serve(run(['entrypoint.js'], { ENTRYPOINT_HANDOVER: handover }), HEALTH);
  try {
    for (let i = 0; i < REQUESTS; i += 1) await server.ask();
    await pause(SETTLE_MS);
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    if (handover === 'exec' && children.trim() === '') return 0;
    const rollup = await readFile(`/proc/${server.pid}/smaps_rollup`, 'utf8');
    return (Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6;
  } finally {
    await server.stop();
  }
}
