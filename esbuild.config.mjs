import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import { encodeBase85 } from './scripts/build/base85.mjs';
import { eagerModules } from './scripts/build/eager-modules.mjs';
import { lazyPostgres, lightPino } from './scripts/build/light-packages.mjs';
import { bundledPackages, NOTICES, writeNotices } from './scripts/build/notices.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/**
 * The bundle runs as CommonJS and as an ES module, whatever `package.json` lies beside it: all of it is inside one
 * function, which gets `require` from the one place both goals have.
 */
const banner = `(() => {
const require = process.getBuiltinModule('node:module').createRequire(process.argv[1] ?? process.execPath);
const module = { exports: {} };`;

/** @type {import('esbuild').Plugin} */
const schemaEngine = {
  name: 'schema-engine',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^zarpe:schema-engine\.wasm$/ }, () => ({
      path: 'schema-engine.wasm',
      namespace: 'zarpe',
    }));
    onLoad({ filter: /.*/, namespace: 'zarpe' }, () => {
      const bytes = compressedEngine();
      return {
        contents: `export const text = '${encodeBase85(bytes)}'; export const length = ${bytes.length};`,
        loader: 'js',
      };
    });
  },
};

/** The engine under brotli; the ten seconds that takes are spent once a version. */
function compressedEngine() {
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const cache = join(
    root,
    'node_modules/.cache/zarpe',
    `${createHash('sha256').update(bytes).digest('hex')}.br`,
  );
  if (!existsSync(cache)) {
    mkdirSync(dirname(cache), { recursive: true });
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_LGWIN]: 24 };
    const partial = `${cache}.${process.pid}`;
    writeFileSync(partial, brotliCompressSync(bytes, { params }));
    renameSync(partial, cache);
  }
  return readFileSync(cache);
}

/** @type {import('esbuild').BuildOptions} */
export const entrypoint = {
  absWorkingDir: root,
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
  external: ['pg-native'],
  plugins: [schemaEngine, lightPino, lazyPostgres, eagerModules],
  logLevel: 'warning',
};

/** What the bundle may weigh, in bytes. */
const BUDGET = 2_200_000;

/** @param {Readonly<Record<string, {bytesInOutput: number}>>} inputs */
function weighPackages(inputs) {
  /** @type {Map<string, number>} */
  const packages = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split(/[/:]/, 1)[0] ?? path;
    packages.set(name, (packages.get(name) ?? 0) + bytesInOutput);
  }
  return [...packages].sort(([, a], [, b]) => b - a);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { metafile } = await build(entrypoint);
  const { bytes = 0, inputs = {} } = metafile?.outputs['dist/entrypoint.js'] ?? {};
  await writeNotices(join(root, 'dist', NOTICES), bundledPackages(metafile?.inputs ?? {}));
  for (const [name, weight] of weighPackages(inputs)) console.log(`${String(weight).padStart(9)}  ${name}`);
  console.log(`${String(bytes).padStart(9)}  dist/entrypoint.js, of ${BUDGET} bytes at most`);
  if (bytes > BUDGET) {
    console.error('dist/entrypoint.js is over its budget: see what has grown above.');
    process.exitCode = 1;
  }
}
