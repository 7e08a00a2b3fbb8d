// What the bundle leaves out of its packages, or loads only when it is used: docs/performance.md has what each saves. A
// package that comes in another shape fails the build.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @type {Readonly<Record<string, string>>} */
const LIGHT = {
  // pino's transports are worker threads in files of their own, which a single file has not.
  transport: `module.exports = () => { throw new Error('pino transports are not part of this bundle'); };`,
  // Asked for at each creation of a logger, for transports alone: a stack trace through a file of two megabytes.
  caller: `module.exports = () => [];`,
  // pino's ways to write, to hide fields and to write what has a cycle, which its logger here does not use: 32 KB.
  'sonic-boom': `module.exports = class { constructor() { throw new Error('sonic-boom is not part of this bundle'); } };`,
  redaction: `module.exports = () => { throw new Error("pino's redact is not part of this bundle"); };`,
  'safe-stable-stringify': `exports.configure = () => JSON.stringify;`,
  // Errors, requests and responses: no line of the log holds one. 7 KB.
  'pino-std-serializers': `exports.err = String;`,
  // pino asks it for one word, and Node.js takes 3 ms to load it.
  worker_threads: `exports.isMainThread = true;`,
};

/**
 * What node-postgres does with a connection string, with no password, and with libpq, for which NODE_PG_FORCE_NATIVE asks.
 * @type {Readonly<Record<string, string>>}
 */
const UNUSED = {
  'pg-connection-string': `exports.parse = () => { throw new Error('pg-connection-string is not part of this bundle'); };`,
  './native': 'module.exports = class {};',
  pgpass: `module.exports = () => { throw new Error('pgpass is not part of this bundle'); };`,
};

/** The files of node-postgres that read the environment: settings of a connection are ours to read. */
const READS_ENVIRONMENT = ['connection-parameters.js', 'defaults.js', 'index.js'];

/** What our code uses of node-postgres, by the file that it comes from. */
export const POSTGRES_PARTS = {
  Client: ['pg/lib/client.js'],
  Pool: ['pg/lib/index.js', 'Pool'],
  DatabaseError: ['pg-protocol', 'DatabaseError'],
  escapeIdentifier: ['pg/lib/utils.js', 'escapeIdentifier'],
  escapeLiteral: ['pg/lib/utils.js', 'escapeLiteral'],
};

/**
 * pino without what only its transports need.
 * @type {import('esbuild').Plugin}
 */
export const lightPino = {
  name: 'light-pino',
  setup({ onResolve, onLoad, onEnd }) {
    const missing = new Set(Object.keys(LIGHT));
    let isBundled = false;
    onLoad({ filter: /[\\/]node_modules[\\/]pino[\\/]pino\.js$/ }, () => {
      isBundled = true;
      return undefined;
    });
    onResolve(
      {
        filter:
          /^(?:\.\/(?:lib\/)?(?:transport|caller|redaction)|sonic-boom|safe-stable-stringify|pino-std-serializers|worker_threads)$/,
      },
      ({ path, importer }) => {
        if (!/[\\/]node_modules[\\/]pino[\\/]/.test(importer)) return undefined;
        missing.delete(basename(path));
        return { path: basename(path), namespace: 'light-pino' };
      },
    );
    onLoad({ filter: /.*/, namespace: 'light-pino' }, ({ path }) => ({ contents: LIGHT[path] ?? '' }));
    onEnd(() => (isBundled ? refuse('pino', missing) : undefined));
  },
};

/**
 * node-postgres, whose parts are evaluated when our code first uses them, with Node.js's crypto, without what is unused, and
 * with an empty environment.
 * @type {import('esbuild').Plugin}
 */
export const lazyPostgres = {
  name: 'lazy-postgres',
  setup({ onResolve, onLoad, onEnd }) {
    const folder = dirname(fileURLToPath(import.meta.url));
    const missing = new Set(['lib/crypto/utils', ...Object.keys(UNUSED), ...READS_ENVIRONMENT]);
    let isBundled = false;
    onResolve({ filter: /^pg$/ }, ({ importer }) =>
      /[\\/]node_modules[\\/]/.test(importer) ? undefined : { path: 'pg', namespace: 'lazy-postgres' },
    );
    onLoad({ filter: /.*/, namespace: 'lazy-postgres' }, () => {
      isBundled = true;
      const getters = Object.entries(POSTGRES_PARTS).map(
        ([name, [file, part]]) =>
          `get ${name}() { return require('${file}')${part === undefined ? '' : `.${part}`}; },`,
      );
      return { contents: `export default { ${getters.join('\n')} };`, resolveDir: folder };
    });
    onResolve({ filter: /\/utils$/ }, ({ path, importer }) => {
      if (!isCryptoOfPostgres(path, importer)) return undefined;
      missing.delete('lib/crypto/utils');
      return { path: join(folder, 'node-crypto.mjs') };
    });
    onResolve({ filter: /^(?:pgpass|pg-connection-string|\.\/native)$/ }, ({ path, importer }) => {
      if (!/[\\/]node_modules[\\/]pg[\\/]/.test(importer)) return undefined;
      missing.delete(path);
      return { path, namespace: 'unused-by-postgres' };
    });
    onLoad({ filter: /.*/, namespace: 'unused-by-postgres' }, ({ path }) => ({
      contents: UNUSED[path] ?? '',
    }));
    onLoad({ filter: /[\\/]node_modules[\\/]pg[\\/]lib[\\/][\w-]+\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('process.env')) return undefined;
      missing.delete(basename(path));
      return { contents: text.replaceAll('process.env', '({})') };
    });
    onEnd(() => (isBundled ? refuse('node-postgres', missing) : undefined));
  },
};

/**
 * Prisma's driver adapter without the log that DEBUG turns on, which would print queries around our own log: 4 KB.
 * @type {import('esbuild').Plugin}
 */
export const quietPrisma = {
  name: 'quiet-prisma',
  setup({ onLoad, onEnd }) {
    const missing = new Set(['@prisma/debug']);
    let isBundled = false;
    onLoad({ filter: /[\\/]@prisma[\\/]driver-adapter-utils[\\/].*\.m?js$/ }, () => {
      isBundled = true;
      return undefined;
    });
    onLoad({ filter: /[\\/]@prisma[\\/]debug[\\/].*\.m?js$/ }, () => {
      missing.clear();
      return { contents: 'export const Debug = () => () => {};' };
    });
    onEnd(() => (isBundled ? refuse("Prisma's driver adapter", missing) : undefined));
  },
};

/** @param {string} path @param {string} importer */
function isCryptoOfPostgres(path, importer) {
  return join(dirname(importer), path).endsWith(join('node_modules/pg/lib/crypto/utils'));
}

/** @param {string} name @param {ReadonlySet<string>} missing @returns {import('esbuild').OnEndResult} */
function refuse(name, missing) {
  const text = `${name} no longer asks for ${[...missing].join(', ')}: see scripts/build/light-packages.mjs`;
  return { errors: missing.size === 0 ? [] : [{ text }] };
}
