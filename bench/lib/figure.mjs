/**
 * One line of the table.
 * @typedef {object} Figure
 * @property {string} name
 * @property {'ratio' | 'MB' | 'ms' | 'round trips'} unit
 * @property {Goal} [goal] none where a figure is there to be compared with
 * @property {import('./statistics.mjs').Spread} value
 * @property {Readonly<Record<string, import('./statistics.mjs').Spread>>} [milliseconds] what the ratio is made of, by contender
 * @property {string} [note] how it was measured, where the name does not say
 *
 * @typedef {object} Goal
 * @property {'at most' | 'at least'} bound
 * @property {number} limit
 */
import { ratios, spread } from './statistics.mjs';

/**
 * @param {number} limit
 * @returns {Goal}
 */
export function atMost(limit) {
  return { bound: 'at most', limit };
}

/**
 * @param {number} limit
 * @returns {Goal}
 */
export function atLeast(limit) {
  return { bound: 'at least', limit };
}

/**
 * A figure that compares one contender with another.
 * @param {Readonly<Record<string, readonly number[]>>} samples milliseconds, by contender and round
 * @param {{ name: string, of: string, over: string, goal?: Goal, note?: string | undefined }} figure
 * @returns {Figure}
 */
export function ratioFigure(samples, { name, of, over, goal, note }) {
  const [values = [], reference = []] = [samples[of], samples[over]];
  return {
    name,
    unit: 'ratio',
    value: spread(ratios(values, reference)),
    milliseconds: { [of]: spread(values), [over]: spread(reference) },
    ...(goal !== undefined && { goal }),
    ...(note !== undefined && { note }),
  };
}

/**
 * @param {Goal} goal
 * @param {import('./statistics.mjs').Spread} value
 */
export function isMet(goal, value) {
  return goal.bound === 'at most' ? value.median <= goal.limit : value.median >= goal.limit;
}
