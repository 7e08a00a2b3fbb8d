// npm run bench: what stands between the container and the server, measured side by side with what does without us.
// No Docker: PostgreSQL comes from npm, the app is dist/standalone. `--only NAME` prints one figure and writes nothing.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { measureBundleSize } from './figures/bundle-size.mjs';
import { measureColdHistory } from './figures/cold-history.mjs';
import { measureFirstAnswer } from './figures/first-answer.mjs';
import { measureHandover } from './figures/handover.mjs';
import { measureLoadCosts } from './figures/load-costs.mjs';
import { measureLongHistory } from './figures/long-history.mjs';
import { measureMemory } from './figures/memory.mjs';
import { measureRoundTrips } from './figures/round-trips.mjs';
import { measureRunTimeValues } from './figures/run-time-values.mjs';
import { measureStartScript } from './figures/start-script.mjs';
import { openLaboratory } from './lib/laboratory.mjs';
import { updateDocument } from './report/document.mjs';
import { describeMachine } from './report/machine.mjs';
import { toText } from './report/print.mjs';
import { writeResults } from './report/results.mjs';

/**
 * In the order of the table, by the names of their files, with the rounds of a full and of a quick run.
 * @type {[name: string, measure: (laboratory: import('./lib/laboratory.mjs').Laboratory, rounds: number) => Promise<import('./lib/figure.mjs').Figure[]>, full: number, quick: number][]}
 */
const MEASUREMENTS = [
  ['first-answer', measureFirstAnswer, 40, 7],
  ['handover', measureHandover, 100, 20],
  ['start-script', measureStartScript, 15, 3],
  ['cold-history', measureColdHistory, 15, 2],
  ['long-history', measureLongHistory, 40, 7],
  ['round-trips', measureRoundTrips, 3, 1],
  ['run-time-values', measureRunTimeValues, 15, 3],
  ['memory', measureMemory, 5, 1],
  ['bundle-size', measureBundleSize, 1, 1],
  ['load-costs', measureLoadCosts, 60, 15],
];

const { quick, only } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
}).values;
const chosen = MEASUREMENTS.filter(([name]) => only === undefined || name === only);
if (chosen.length === 0) {
  throw new Error(`no figure ${only}: there are ${MEASUREMENTS.map(([name]) => name).join(', ')}`);
}
const laboratory = await openLaboratory();
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => void laboratory.close().finally(() => process.exit(1)));
}
try {
  const machine = describeMachine(laboratory);
  const figures = [];
  for (const [, measure, full, few] of chosen) {
    const measured = await measure(laboratory, quick ? few : full);
    for (const { name } of measured) console.log(`measured  ${name}`);
    figures.push(...measured);
  }
  console.log(`\n${toText(figures)}`);
  if (only === undefined) {
    const results = { date: new Date().toISOString(), quick, machine, figures };
    await writeResults(results);
    await updateDocument(results);
    console.log('\nWritten to bench/results.json and docs/performance.md');
  }
} finally {
  await laboratory.close();
}
