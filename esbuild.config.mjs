// npm run bundle: dist/entrypoint.js. `--sizes` shows what each package adds to it; `--quick` is for `npm start`.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { encodeBase91 } from './scripts/build/base91.mjs';
import { eagerModules } from './scripts/build/eager-modules.mjs';
import { compressEngine } from './scripts/build/engine.mjs';
import { lazyPostgres, lightPino, quietPrisma } from './scripts/build/light-packages.mjs';
import { bundledPackages, NOTICES, writeNotices } from './scripts/build/notices.mjs';
import { DIST, ROOT } from './scripts/build/paths.mjs';
import { createProgress } from './scripts/build/progress.mjs';
import { weighPackages } from './scripts/build/sizes.mjs';

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * The bundle runs as CommonJS and as an ES module, whatever `package.json` lies beside it: all of it is inside one
 * function, which gets `require` from the one place both goals have.
 */
const banner = `(() => {
const require = process.getBuiltinModule('node:module').createRequire(process.argv[1] ?? process.execPath);
const module = { exports: {} };`;

/**
 * @param {{ quick?: boolean }} [options]
 * @returns {import('esbuild').Plugin[]}
 */
export const plugins = (options) => [
  schemaEngine(options),
  lightPino,
  lazyPostgres,
  quietPrisma,
  eagerModules,
];

/**
 * @param {{ quick?: boolean }} [options]
 * @returns {import('esbuild').Plugin}
 */
const schemaEngine = (options) => ({
  name: 'schema-engine',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^zarpe:schema-engine\.wasm$/ }, () => ({
      path: 'schema-engine.wasm',
      namespace: 'zarpe',
    }));
    onLoad({ filter: /.*/, namespace: 'zarpe' }, async () => {
      const bytes = await readFile(join(ROOT, await compressEngine(options)));
      return {
        contents: `export const text = '${encodeBase91(bytes)}'; export const length = ${bytes.length};`,
        loader: 'js',
      };
    });
  },
});

/** @satisfies {import('esbuild').BuildOptions} */
export const entrypoint = {
  absWorkingDir: ROOT,
  entryPoints: ['entrypoint/cli.ts'],
  outfile: 'dist/entrypoint.js',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  charset: 'ascii',
  metafile: true,
  banner: { js: banner },
  footer: { js: '})();' },
  define: { ZARPE_VERSION: JSON.stringify(version) },
  plugins: plugins(),
  logLevel: 'warning',
};

/** What the bundle may weigh, in bytes. */
const BUDGET = 2_200_000;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const quick = process.argv.includes('--quick');
  const { stage, end } = createProgress(2);
  await stage('schema engine', () => compressEngine({ quick }));
  await stage('entrypoint', () => bundle({ quick }));
  end();
}

/** @param {{ quick: boolean }} options */
async function bundle({ quick }) {
  const { metafile } = await build({ ...entrypoint, plugins: plugins({ quick }) });
  const { bytes = 0, inputs = {} } = metafile.outputs[entrypoint.outfile] ?? {};
  await writeNotices(join(DIST, NOTICES), bundledPackages(metafile.inputs));
  if (process.argv.includes('--sizes')) {
    for (const [name, weight] of weighPackages(inputs)) console.log(`${String(weight).padStart(9)}  ${name}`);
    console.log(`${String(bytes).padStart(9)}  ${entrypoint.outfile}, of ${BUDGET} at most`);
  }
  if (bytes > BUDGET && !quick) {
    console.error(`${entrypoint.outfile} has ${bytes} bytes, more than its budget of ${BUDGET}.`);
    console.error('`npm run bundle -- --sizes` shows what each package adds.');
    process.exitCode = 1;
  }
  return entrypoint.outfile;
}
