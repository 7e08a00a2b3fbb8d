/**
 * Prints a row a file, the least covered first: percentage, lines that ran of all, and those that did not.
 * @param {Map<string, Map<number, boolean>>} files
 */
export function printTable(files) {
  const rows = [...files].map(([name, lines]) => {
    const missed = [...lines].flatMap(([line, ran]) => (ran ? [] : [line])).toSorted((a, b) => a - b);
    return { name, all: lines.size, ran: lines.size - missed.length, missed };
  });
  rows.sort((a, b) => a.ran / a.all - b.ran / b.all || a.name.localeCompare(b.name));
  for (const { name, all, ran, missed } of rows) console.log(row(name, ran, all, toRanges(missed)));
  const sum = (/** @type {'ran' | 'all'} */ key) => rows.reduce((total, file) => total + file[key], 0);
  console.log(row('all files', sum('ran'), sum('all'), ''));
}

/** @param {string} name @param {number} ran @param {number} all @param {string} missed */
function row(name, ran, all, missed) {
  const percent = `${((100 * ran) / all).toFixed(1)}%`.padStart(6);
  return `${percent}  ${`${ran}/${all}`.padStart(9)}  ${name.padEnd(50)}  ${missed}`.trimEnd();
}

/** `3-5, 9`. @param {number[]} lines in order */
function toRanges(lines) {
  /** @type {[number, number][]} */
  const ranges = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(', ');
}
