import { isMet } from '../lib/figure.mjs';

/** @typedef {import('../lib/figure.mjs').Figure} Figure */

/** Of a table, both in the terminal and in the document. */
export const HEADINGS = ['figure', 'goal', 'median', 'quartiles', 'runs', ''];

/**
 * @param {Figure} figure
 * @returns {string[]}
 */
export function toCells(figure) {
  const { name, goal, value } = figure;
  return [
    name,
    goal === undefined ? '' : `${goal.bound} ${goal.limit}${figure.unit === 'MB' ? ' MB' : ''}`,
    formatValue(figure, value.median),
    value.runs > 1 ? `${formatValue(figure, value.q1)} – ${formatValue(figure, value.q3)}` : '',
    String(value.runs),
    goal === undefined ? '' : isMet(goal, value) ? '✓' : '✗',
  ];
}

/**
 * What a ratio is made of, such as `spawn 81 ms, node -e 0 24 ms`.
 * @param {Figure} figure
 */
export function describeMilliseconds({ milliseconds = {} }) {
  return Object.entries(milliseconds)
    .map(([name, { median }]) => `${name} ${median < 100 ? median.toFixed(1) : median.toFixed(0)} ms`)
    .join(', ');
}

/**
 * @param {Figure} figure
 * @param {number} value
 */
function formatValue({ unit }, value) {
  if (unit === 'round trips') return String(value);
  if (unit === 'ms') return `${value.toFixed(1)} ms`;
  return unit === 'MB' ? `${value.toFixed(value < 10 ? 2 : 1)} MB` : value.toFixed(2);
}
