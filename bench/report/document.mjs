import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/build/paths.mjs';
import { describeMilliseconds, HEADINGS, toCells } from './format.mjs';

const DOCUMENT = join(ROOT, 'docs/performance.md');
const REGION = /(<!-- bench:begin[^>]*-->\n)[\s\S]*(<!-- bench:end -->)/;

/** @typedef {import('./results.mjs').Results} Results */

/**
 * Puts the figures where the document shows them.
 * @param {Results} results
 */
export async function updateDocument(results) {
  const text = await readFile(DOCUMENT, 'utf8');
  if (!REGION.test(text)) throw new Error('docs/performance.md has no region for the figures.');
  await writeFile(
    DOCUMENT,
    text.replace(REGION, (_, begin, end) => `${begin}\n${toMarkdown(results)}\n${end}`),
  );
}

/** @param {Results} results */
export function toMarkdown({ date, quick, machine, figures }) {
  const notes = [...new Set(figures.flatMap(({ note }) => note ?? []))];
  const made = figures.filter(({ milliseconds }) => milliseconds !== undefined);
  return `${[
    `Measured on ${date.slice(0, 10)} by \`npm run bench${quick ? ' -- --quick' : ''}\`, on ${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}, load ${machine.loadBefore} before it began; Node.js ${machine.node}, PostgreSQL ${machine.postgres}, Next.js ${machine.next}, Prisma ${machine.prisma}.`,
    toTable(HEADINGS, figures.map(toCells)),
    'In milliseconds, medians:',
    toTable(
      ['figure', 'medians'],
      made.map((figure) => [figure.name, describeMilliseconds(figure)]),
    ),
    ...notes,
  ].join('\n\n')}\n`;
}

/**
 * @param {readonly string[]} headings
 * @param {readonly (readonly string[])[]} rows
 */
function toTable(headings, rows) {
  return [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
