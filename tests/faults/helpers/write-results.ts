import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from './results.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/reliability.md');
const MARKERS = ['<!-- results: begin -->', '<!-- results: end -->'] as const;

/** Puts the table of a whole run's results between the markers of `docs/reliability.md`. */
export async function writeResults(file: string): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8');
  const [begin, end] = MARKERS.map((marker) => text.indexOf(marker));
  if (begin === undefined || end === undefined || begin < 0 || end < begin) {
    throw new Error(`${DOCUMENT}: expected ${MARKERS.join(' and ')}`);
  }
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
  const table = formatTable(addUp(lines.map((line) => JSON.parse(line) as Result)));
  await writeFile(DOCUMENT, `${text.slice(0, begin + MARKERS[0].length)}\n${table}\n${text.slice(end)}`);
}

/** One row a fault, whichever test came first. */
function addUp(results: readonly Result[]): Result[] {
  const rows = new Map<string, Result>();
  for (const { group, fault, tried, manual } of results) {
    const row = rows.get(`${group} ${fault}`) ?? { group, fault, tried: 0, manual: 0 };
    rows.set(`${group} ${fault}`, { group, fault, tried: row.tried + tried, manual: row.manual + manual });
  }
  return [...rows.values()].sort((a, b) => compare(a.group, b.group) || compare(a.fault, b.fault));
}

function formatTable(rows: readonly Result[]): string {
  const total = (key: 'tried' | 'manual') => rows.reduce((sum, row) => sum + row[key], 0);
  const line = (group: string, fault: string, tried: number, manual: number) =>
    `| ${group} | ${fault} | ${tried} | ${tried - manual} | ${manual} |`;
  return [
    '| Group | Fault | Tried | Recovered by itself | By hand |',
    '| --- | --- | ---: | ---: | ---: |',
    ...rows.map(({ group, fault, tried, manual }) => line(group, fault, tried, manual)),
    line('**All**', '', total('tried'), total('manual')),
  ].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
