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
  const ours = (/** @type {string} */ handover) => run(['entrypoint.js'], { ENTRYPOINT_HANDOVER: handover });
  /** @type {[command: import('../lib/processes.mjs').Command, title: string, limit?: number][]} */
  const cases = [
    [ours('spawn'), 'spawned', 28],
    [ours('exec'), 'handed over', 0],
    [run(['bare-supervisor.cjs']), 'one of four lines, to compare with'],
  ];
  const figures = [];
  for (const [command, title, limit] of cases) {
    const measured = [];
    for (let i = 0; i < runs; i += 1) measured.push(await measureSupervisor(command));
    figures.push({
      name: `memory while serving, the supervisor's own (PSS), ${title}`,
      unit: /** @type {const} */ ('MB'),
      ...(limit !== undefined && { goal: atMost(limit) }),
      value: spread(measured),
      note: `PSS is a process's own pages and its share of those in common with others, here with the server. Taken ${SETTLE_MS / 1000} s after the first 200 and ${REQUESTS} requests. Handed over, the process is the server, and nothing is left of us.`,
    });
  }
  return figures;
}

/**
 * Megabytes of the process that was started, none when it has become the server.
 * @param {import('../lib/processes.mjs').Command} command
 */
async function measureSupervisor(command) {
  const server = await serve(command, HEALTH);
  try {
    for (let i = 0; i < REQUESTS; i += 1) await server.ask();
    await pause(SETTLE_MS);
    const children = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8');
    if (children.trim() === '') return 0;
    const rollup = await readFile(`/proc/${server.pid}/smaps_rollup`, 'utf8');
    return (Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6;
  } finally {
    await server.stop();
  }
}
