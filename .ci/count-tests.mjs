// Adds up Vitest's JSON reports in a folder: names each test that failed with its reason, so that the end of a long
// log suffices, then prints `N passed, N failed, N skipped` alone on a line. Exits 1 unless something passed and
// nothing failed. A file that failed before its first test counts as one failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const REASON_LINES = 12;
const [folder = '.'] = process.argv.slice(2);
const count = { passed: 0, failed: 0, skipped: 0 };

for (const name of readdirSync(folder)) {
  for (const file of JSON.parse(readFileSync(join(folder, name), 'utf8')).testResults) {
    /** @type {{ status: string, fullName: string, failureMessages: string[] }[]} */
    const tests = file.assertionResults;
    for (const { status } of tests)
      count[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    const failed = tests.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      tell(`${file.name}: ${fullName}`, failureMessages.join('\n'));
    if (file.status === 'failed' && failed.length === 0) {
      count.failed += 1;
      tell(file.name, file.message);
    }
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;

/** @param {string} title @param {string} reason */
function tell(title, reason) {
  const lines = stripVTControlCharacters(reason).split('\n').slice(0, REASON_LINES);
  console.log(['', `FAILED ${title}`, ...lines.map((line) => `  ${line}`), ''].join('\n'));
}
