// Writes the tables of the docs and the schema of zarpe.config.json from the code; `--check` only tells whether they differ.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './build/paths.mjs';
import { configSchema } from './config-schema.mjs';

const checking = process.argv.includes('--check');
/** @type {typeof import('../entrypoint/commands/explain.ts')} */
const { exitCodes, errorCodes, variables, describePolicy } = await load('entrypoint/commands/explain.ts');
/** @type {{ EVENTS: Record<string, { level: string | string[], meaning: string, fields?: string[] }>, FIELDS: Record<string, [string, string]>, STEPS: Record<string, string> }} */
const { EVENTS, FIELDS, STEPS } = await load('entrypoint/core/events.ts');

/** @type {{ VARIABLES: Record<string, import('../entrypoint/config/variables.ts').Variable> }} */
const { VARIABLES } = await load('entrypoint/config/variables.ts');
/** @type {typeof import('../entrypoint/config/config-file/sections.ts')} */
const { SECTIONS } = await load('entrypoint/config/config-file/sections.ts');

/** Each generated region, by its name between `<!-- generated:NAME -->` and `<!-- /generated -->`. */
const REGIONS = {
  'exit-codes': () =>
    table(
      ['Status', 'Meaning', 'Restart policy'],
      exitCodes().map((exit) => [`\`${exit.status}\``, exit.meaning, describePolicy(exit)]),
    ),
  'error-codes': () =>
    table(
      ['`error.code`', 'Status', 'Restart policy'],
      errorCodes().map((error) => [`\`${error.code}\``, `\`${error.status}\``, describePolicy(error)]),
    ),
  steps: () =>
    table(
      ['Step', 'What it does'],
      Object.entries(STEPS).map(([name, what]) => [`\`${name}\``, String(what)]),
    ),
  events: () =>
    table(
      ['Event', 'Level', 'What happened', 'Fields'],
      Object.entries(EVENTS).map(([name, { level, meaning, fields = [] }]) => [
        `\`${name}\``,
        [level].flat().join(', '),
        meaning,
        fields.map((/** @type {string} */ field) => `\`${field}\``).join(', ') || '–',
      ]),
    ),
  fields: () =>
    table(
      ['Field', 'Type', 'Meaning'],
      Object.entries(FIELDS).map(([name, [type, meaning]]) => [`\`${name}\``, type, meaning]),
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
for (const name of ['docs/exit-codes.md', 'docs/configuration.md', 'docs/logs.md']) {
  const path = join(ROOT, name);
  const before = await readFile(path, 'utf8');
  const after = before.replace(
    /(<!-- generated:([\w-]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g,
    (_, start, region, end) => {
      if (!(region in REGIONS)) throw new Error(`${name}: nothing generates ${region}`);
      return `${start}\n${REGIONS[/** @type {keyof typeof REGIONS} */ (region)]()}\n\n${end}`;
    },
  );
  await update(name, before, after);
}
const schema = configSchema(variables(), VARIABLES, SECTIONS);
const schemaFile = 'zarpe.config.schema.json';
const written = await readFile(join(ROOT, schemaFile), 'utf8').catch(() => '');
await update(schemaFile, written, `${JSON.stringify(schema, null, 2)}\n`);
if (checking && differing > 0) process.exitCode = 1;

/**
 * @param {string} name
 * @param {string} before
 * @param {string} after
 */
async function update(name, before, after) {
  if (after === before) return;
  differing += 1;
  if (!checking) await writeFile(join(ROOT, name), after);
  console.log(`${name} ${checking ? 'differs from the code: run `npm run docs`' : 'is written'}`);
}

/** TypeScript that was bundled can be imported by any Node.js. @param {string} path @returns {Promise<any>} */
async function load(path) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, path)],
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
