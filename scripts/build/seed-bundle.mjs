import { realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { seedPlugin } from './seed-plugin.mjs';

const NO_TOP_LEVEL_AWAIT = /Top-level await is currently not supported/;

/**
 * Bundles a seed with its packages into one file that runs beside server.js, whatever `package.json` lies there. A seed
 * with `await` at its top level becomes an ES module, with the extension `.mjs`. Returns the file, which is not written yet.
 *
 * Not in the bundle: a client of Prisma's generator `prisma-client-js` and packages with native code, which Next.js puts into
 * the standalone build at the same place.
 * @param {{ entry: string, outfile: string, root: string, standalone?: string, external?: readonly string[] }} seed absolute
 *   paths; `root` is the folder that becomes the folder of the image, `standalone` the standalone build
 * @param {typeof import('esbuild').build} build
 * @returns {Promise<{ path: string, contents: Uint8Array }>}
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
    write: false,
    // Whoever writes the file says what it may replace.
    allowOverwrite: true,
  };
  try {
    const built = await build({
      ...options,
      outfile,
      format: 'iife',
      banner: { js: `(() => {${HEAD}` },
      footer: { js: '})();' },
    });
    return onlyFile(built);
  } catch (error) {
    if (!NO_TOP_LEVEL_AWAIT.test(String(error))) throw error;
    const module = modulePath(outfile);
    return onlyFile(await build({ ...options, outfile: module, format: 'esm', banner: { js: HEAD } }));
  }
}

/**
 * The path of a bundle that became an ES module.
 * @param {string} outfile
 */
export function modulePath(outfile) {
  return `${outfile.slice(0, outfile.length - extname(outfile).length)}.mjs`;
}

/**
 * Whether a file is such a bundle.
 * @param {string} text
 */
export function isSeedBundle(text) {
  // A comment for the system (#!) stays the first line.
  return text
    .replace(/^#!.*\n/, '')
    .replace('(() => {', '')
    .startsWith('const zarpeSeedFile = ');
}

/** @param {import('esbuild').BuildResult} built */
function onlyFile({ outputFiles: [file] = [] }) {
  if (file === undefined) throw new Error('esbuild made no file');
  return file;
}

/** Valid in a CommonJS and in an ES module. */
const HEAD = `const zarpeSeedFile = process.argv[1];
const require = process.getBuiltinModule('node:module').createRequire(zarpeSeedFile);
const zarpeSeedFolder = require('node:path').dirname(zarpeSeedFile);
const zarpeSeedUrl = require('node:url').pathToFileURL(zarpeSeedFile).href;`;
