/**
 * @typedef {object} Spread
 * @property {number} median
 * @property {number} q1
 * @property {number} q3
 * @property {number} runs
 */

/**
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
    runs: sorted.length,
  };
}

/**
 * What each run of the one took, over the run of the other in the same round.
 * @param {readonly number[]} values
 * @param {readonly number[]} reference
 */
export function ratios(values, reference) {
  return values.map((value, round) => value / (reference[round] ?? Number.NaN));
}

/**
 * Between two values it is interpolated, as by R and NumPy.
 * @param {readonly number[]} sorted
 * @param {number} share
 */
function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
