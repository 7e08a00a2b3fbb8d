import { describeMilliseconds, HEADINGS, toCells } from './format.mjs';

/**
 * The table for a terminal, and under each line what it is made of.
 * @param {readonly import('../lib/figure.mjs').Figure[]} figures
 */
export function toText(figures) {
  const rows = [HEADINGS, ...figures.map(toCells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
  const notes = [...new Set(figures.flatMap(({ note }) => note ?? []))];
  return [
    ...lines.flatMap((line, index) => {
      const figure = figures[index - 1];
      const made = figure === undefined ? '' : describeMilliseconds(figure);
      return [line.join('  ').trimEnd(), ...(made === '' ? [] : [`    ${made}`])];
    }),
    '',
    ...notes,
  ].join('\n');
}
