import { join } from 'node:path';
import { build } from 'esbuild';
import { DIST, ROOT } from './paths.mjs';

/**
 * Bundles the seed with all it needs, but for Prisma's query compiler, 2.3 MB that stand in the app's node_modules
 * anyway. It stands beside server.js, under whatever package.json is there, so it must be both a CommonJS and an ES
 * module: no import at its top, no `require` of its own.
 * @param {string} [outfile]
 */
export async function bundleSeed(outfile = join(DIST, 'seed.js')) {
  await build({
    entryPoints: [join(ROOT, 'prisma/seed.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'iife',
    minify: true,
    legalComments: 'none',
    external: [
      // node-postgres asks for it in a try block, where somebody has it.
      'pg-native',
      '@prisma/client/runtime/*.wasm-base64.mjs',
    ],
    banner: {
      js: "(() => {const require = process.getBuiltinModule('node:module').createRequire(process.execPath);",
    },
    footer: { js: '})();' },
    define: {
      // The generated client takes its folder from it, to find engines that Prisma 7 no longer has.
      'import.meta.url': '"file:///seed.js"',
    },
    logLevel: 'warning',
  });
  return 'dist/seed.js';
}
