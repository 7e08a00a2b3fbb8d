import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/build/paths.mjs';

/**
 * @typedef {object} Results
 * @property {string} date
 * @property {boolean} quick
 * @property {ReturnType<typeof import('./machine.mjs').describeMachine>} machine
 * @property {readonly import('../lib/figure.mjs').Figure[]} figures
 */

/** @param {Results} results */
export async function writeResults(results) {
  await writeFile(
    join(ROOT, 'bench/results.json'),
    `${JSON.stringify(results, (_, value) => (typeof value === 'number' ? Number(value.toFixed(4)) : value), 2)}\n`,
  );
}
