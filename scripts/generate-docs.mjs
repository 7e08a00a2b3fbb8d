// Writes the tables of the docs from the code; `--check` only tells whether they differ.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './build/paths.mjs';

const checking = process.argv.includes('--check');
const { exitCodes, errorCodes, variables, describeRestart } = await loadExplain();

/** Each generated region, by its name between `<!-- generated:NAME -->` and `<!-- /generated -->`. */
const REGIONS = {
  'exit-codes': () =>
    table(
      ['Status', 'Meaning', 'Restart policy'],
      exitCodes().map((exit) => [`\`${exit.status}\``, exit.meaning, describeRestart(exit)]),
    ),
  'error-codes': () =>
    table(
      ['`error.code`', 'Status', 'Restart policy'],
      errorCodes().map((error) => [`\`${error.code}\``, `\`${error.status}\``, describeRestart(error)]),
    ),
  variables: () =>
    table(
      ['Variable', 'Expected', 'Default', 'What it does'],
      variables().map(({ name, expected, default: fallback, description, secret }) => [
        `\`${name}\``,
        secret ? `${expected} (secret)` : expected,
        fallback === null ? '–' : `\`${fallback}\``,
        description,
      ]),
    ),
};

let differing = 0;
for (const name of ['docs/exit-codes.md', 'docs/configuration.md']) {
  const path = join(ROOT, name);
  const before = await readFile(path, 'utf8');
  const after = before.replace(
    /(<!-- generated:([\w-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, start, region, end) => {
      if (!(region in REGIONS)) throw new Error(`${name}: nothing generates ${region}`);
      return `${start}\n${REGIONS[/** @type {keyof typeof REGIONS} */ (region)]()}\n\n${end}`;
    },
  );
  if (after === before) continue;
  differing += 1;
  if (!checking) await writeFile(path, after);
  console.log(`${name} ${checking ? 'differs from the code: run `npm run docs`' : 'is written'}`);
}
if (checking && differing > 0) process.exitCode = 1;

/**
 * The command that explains is TypeScript: bundled, it can be imported by any Node.js.
 * @returns {Promise<typeof import('../entrypoint/commands/explain.ts')>}
 */
async function loadExplain() {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'entrypoint/commands/explain.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'warning',
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(import.meta.url)});`,
    },
  });
  const [bundle] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(bundle?.contents ?? []).toString('base64')}`);
}

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}
