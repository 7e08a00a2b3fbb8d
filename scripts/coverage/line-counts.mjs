// From the coverage reports of V8 (NODE_V8_COVERAGE) to the lines of the source files.
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { ROOT } from '../build/paths.mjs';

/** @typedef {{ startOffset: number, endOffset: number, count: number }} Range */
/** @typedef {{ url: string, functions: { ranges: Range[] }[] }} Script */

/**
 * For each file of entrypoint/, its lines with code and whether any process ran them.
 * @param {string} bundle a bundle with a map beside it
 * @param {string} reports the folder of the reports
 * @returns {Map<string, Map<number, boolean>>}
 */
export function readLineCounts(bundle, reports) {
  const lines = readLines(bundle);
  /** Whether any process ran the line of the bundle. */
  const ran = new Uint8Array(lines.length);
  for (const name of readdirSync(reports)) {
    /** @type {{ result: Script[] }} */
    const { result } = JSON.parse(readFileSync(join(reports, name), 'utf8'));
    for (const { url, functions } of result) {
      if (!url.endsWith('/entrypoint.js')) continue;
      for (const [index, count] of countLines(lines, functions).entries()) if (count > 0) ran[index] = 1;
    }
  }
  return toSource(lines, ran);
}

/**
 * @typedef {{ offset: number, source: string, line: number }} Line a line of the bundle, by its first character, and where it
 *   comes from
 */

/** @param {string} bundle @returns {Line[]} */
function readLines(bundle) {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
  const lines = [];
  let offset = 0;
  for (const [index, text] of readFileSync(bundle, 'utf8').split('\n').entries()) {
    const column = text.search(/\S/);
    // Brackets that close a statement are no code.
    if (!/^[\s)\]};,]*$/.test(text)) {
      const entry = map.findEntry(index, column);
      if ('originalSource' in entry) {
        const source = relative(ROOT, resolve(dirname(bundle), entry.originalSource));
        if (source.startsWith('entrypoint'))
          lines.push({ offset: offset + column, source, line: entry.originalLine + 1 });
      }
    }
    offset += text.length + 1;
  }
  return lines;
}

/** How often one process ran each line. @param {Line[]} lines @param {Script['functions']} functions */
function countLines(lines, functions) {
  const counts = new Uint32Array(lines.length);
  // Outer ranges come before those inside them.
  for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges))
    counts.fill(count, indexAt(lines, startOffset), indexAt(lines, endOffset));
  return counts;
}

/** The first line that begins at the offset or after it. @param {Line[]} lines @param {number} offset */
function indexAt(lines, offset) {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** @param {Line[]} lines @param {Uint8Array} ran */
function toSource(lines, ran) {
  /** @type {Map<string, Map<number, boolean>>} */
  const files = new Map();
  for (const [index, { source, line }] of lines.entries()) {
    const file = files.get(source) ?? new Map();
    file.set(line, file.get(line) === true || ran[index] === 1);
    files.set(source, file);
  }
  return files;
}
