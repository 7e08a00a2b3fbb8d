import { existsSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve } from 'node:path';

const NO_TOP_LEVEL_AWAIT = /Top-level await is currently not supported/;
/** What a program asks to know whether it was started, and not imported: a bundle is always started. */
const IS_MAIN =
  /\brequire\.main\s*={2,3}\s*module\b|\bmodule\s*={2,3}\s*require\.main\b|\bimport\.meta\.main\b/g;

/**
 * Bundles a seed with its packages into one file that runs beside server.js, whatever `package.json` lies there. A seed
 * with `await` at its top level becomes an ES module, with the extension `.mjs`. Returns the path of the file.
 *
 * Not in the bundle: a client that Prisma generated in node_modules or with an engine of its own (`prisma-client-js`),
 * which Next.js puts into the standalone build at the same place.
 * @param {{ entry: string, outfile: string, root: string, external?: readonly string[] }} seed absolute paths; `root` is the
 *   folder that becomes the folder of the image
 * @param {typeof import('esbuild').build} build
 */
export async function bundleSeedFile({ entry, outfile, root, external = [] }, build) {
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
    plugins: [seedPlugin(realpathSync(entry), root)],
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

/**
 * @param {string} entry
 * @param {string} root
 * @returns {import('esbuild').Plugin}
 */
function seedPlugin(entry, root) {
  return {
    name: 'seed',
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        if (path !== entry) return undefined;
        const source = await readFile(path, 'utf8');
        return { contents: source.replaceAll(IS_MAIN, 'true'), loader: /ts$/.test(path) ? 'ts' : 'js' };
      });
      // The module itself; the client that `prisma-client` generates imports files of the package.
      onResolve({ filter: /^@prisma\/client$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) => {
        const client = findGeneratedClient(resolve(resolveDir, path));
        if (client === undefined || dirname(importer) === client) return undefined;
        return { path: `./${relative(root, client)}`, external: true };
      });
    },
  };
}

/**
 * The folder of a client of the generator `prisma-client-js`, which finds its engine in that folder.
 * @param {string} path of a module, with or without its extension, or a folder
 */
function findGeneratedClient(path) {
  return [path, dirname(path)].find(
    (folder) => existsSync(join(folder, 'schema.prisma')) && existsSync(join(folder, 'index.js')),
  );
}
