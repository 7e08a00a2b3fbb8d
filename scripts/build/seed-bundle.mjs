import { realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { seedPlugin } from './seed-plugin.mjs';

const NO_TOP_LEVEL_AWAIT = /Top-level await is currently not supported/;

/**
 * Bundles a seed with its packages into one file that runs beside server.js, whatever `package.json` lies there. A seed
 * with `await` at its top level becomes an ES module, with the extension `.mjs`. Returns the path of the file.
 *
 * Not in the bundle: a client of Prisma's generator `prisma-client-js` and packages with native code, which Next.js puts into
 * the standalone build at the same place.
 * @param {{ entry: string, outfile: string, root: string, standalone?: string, external?: readonly string[] }} seed absolute
 *   paths; `root` is the folder that becomes the folder of the image, `standalone` the standalone build
 * @param {typeof import('esbuild').build} build
 */
export async function bundleSeedFile({ entry, outfile, root, standalone, external = [] }, build) {
  /** @type {import('esbuild').BuildOptions} */
  const options = {
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    minify: true,
    legalComments: 'none',
    // pg-native: node-postgres asks for it in a try block.
    external: ['pg-native', ...external],
    plugins: [seedPlugin({ entry: realpathSync(entry), root: realpathSync(root), standalone })],
    define: {
      'import.meta.url': 'zarpeSeedUrl',
      'import.meta.filename': 'zarpeSeedFile',
      'import.meta.dirname': 'zarpeSeedFolder',
      __filename: 'zarpeSeedFile',
      __dirname: 'zarpeSeedFolder',
    },
    logLevel: 'silent',
  };
  try {
    await build({
      ...options,
      outfile,
      format: 'iife',
      banner: { js: `(() => {${HEAD}` },
      footer: { js: '})();' },
    });
    return outfile;
  } catch (error) {
    if (!NO_TOP_LEVEL_AWAIT.test(String(error))) throw error;
    const module = `${outfile.slice(0, outfile.length - extname(outfile).length)}.mjs`;
    await build({ ...options, outfile: module, format: 'esm', banner: { js: HEAD } });
    return module;
  }
}

/** Valid in a CommonJS and in an ES module. */
const HEAD = `const zarpeSeedFile = process.argv[1];
const require = process.getBuiltinModule('node:module').createRequire(zarpeSeedFile);
const zarpeSeedFolder = require('node:path').dirname(zarpeSeedFile);
const zarpeSeedUrl = require('node:url').pathToFileURL(zarpeSeedFile).href;`;
