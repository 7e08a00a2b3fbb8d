// Adds up Vitest's JSON reports in a folder: prints `N passed, N failed, N skipped` alone on a line, and exits 1
// unless something passed and nothing failed. A file that failed before its first test counts as one failure.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '.'] = process.argv.slice(2);
const count = { passed: 0, failed: 0, skipped: 0 };
for (const name of readdirSync(folder)) {
  for (const file of JSON.parse(readFileSync(join(folder, name), 'utf8')).testResults) {
    /** @type {string[]} */
    const results = file.assertionResults.map((/** @type {{ status: string }} */ { status }) => status);
    for (const status of results) count[status === 'passed' || status === 'failed' ? status : 'skipped'] += 1;
    if (file.status === 'failed' && !results.includes('failed')) count.failed += 1;
  }
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
