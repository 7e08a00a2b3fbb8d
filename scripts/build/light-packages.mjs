// What the bundle leaves out of its packages, or loads only when it is used: each of these was measured at the start.
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {Readonly<Record<string, string>>} */
const LIGHT = {
  // pino's transports are worker threads in files of their own, which a single file has not.
  transport: `module.exports = () => { throw new Error('pino transports are not part of this bundle'); };`,
  // Asked for at each creation of a logger, for transports alone: a stack trace through a file of two megabytes.
  caller: `module.exports = () => [];`,
  // pino and sonic-boom ask these for one word each, and Node.js takes 3 ms to load them.
  assert: `module.exports = (value, message) => { if (!value) throw new Error(message); };`,
  worker_threads: `exports.isMainThread = true;`,
};

/**
 * pino without what only its transports need.
 * @type {import('esbuild').Plugin}
 */
export const lightPino = {
  name: 'light-pino',
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^(?:\.\/(?:lib\/)?(?:transport|caller)|assert|worker_threads)$/ },
      ({ path, importer }) =>
        /[\\/]node_modules[\\/](?:pino|sonic-boom)[\\/]/.test(importer)
          ? { path: basename(path), namespace: 'light-pino' }
          : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'light-pino' }, ({ path }) => ({ contents: LIGHT[path] ?? '' }));
  },
};

/**
 * node-postgres, whose parts are evaluated when our code first uses them, with Node.js's crypto.
 * @type {import('esbuild').Plugin}
 */
export const lazyPostgres = {
  name: 'lazy-postgres',
  setup({ onResolve, onLoad }) {
    const folder = dirname(fileURLToPath(import.meta.url));
    onResolve({ filter: /^pg$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]/.test(importer) ? undefined : { path: 'pg', namespace: 'lazy-postgres' },
    );
    onLoad({ filter: /.*/, namespace: 'lazy-postgres' }, () => ({
      contents: `export default {
        get Client() { return require('pg/lib/client.js'); },
        get Pool() { return require('pg/lib/index.js').Pool; },
        get DatabaseError() { return require('pg-protocol').DatabaseError; },
        get escapeIdentifier() { return require('pg/lib/utils.js').escapeIdentifier; },
        get escapeLiteral() { return require('pg/lib/utils.js').escapeLiteral; },
      };`,
      resolveDir: folder,
    }));
    onResolve({ filter: /\/utils$/ }, ({ path, importer }) =>
      isCryptoOfPostgres(path, importer) ? { path: join(folder, 'node-crypto.mjs') } : undefined,
    );
  },
};

/** @param {string} path @param {string} importer */
function isCryptoOfPostgres(path, importer) {
  return join(dirname(importer), path).endsWith(join('node_modules/pg/lib/crypto/utils'));
}
