import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { atMost } from '../lib/figure.mjs';
import { spread } from '../lib/statistics.mjs';

/**
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureBundleSize({ app }) {
  const { size } = await stat(join(app, 'entrypoint.js'));
  return [{ name: 'bundle', unit: 'MB', goal: atMost(2.2), value: spread([size / 1e6]) }];
}
