import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { findPackage, hasNativeCode, isOptionalFor } from './native-package.mjs';

/** What a program asks to know whether it was started, and not imported: a bundle is always started. */
const IS_MAIN =
  /\brequire\.main\s*={2,3}\s*module\b|\bmodule\s*={2,3}\s*require\.main\b|\bimport\.meta\.main\b/g;
const CLIENT = '@prisma/client';
/** Marks our own question to esbuild, which would be put to us again. */
const ASKED = Symbol('asked');

/**
 * Leaves outside what cannot be in a bundle, by the path at which it lies in the standalone build: from there its own packages
 * are found, whatever package manager installed it. An import is judged by the file that it leads to, also by an alias.
 * @param {{ entry: string, root: string, standalone?: string | undefined }} seed real paths
 * @returns {import('esbuild').Plugin}
 */
export function seedPlugin({ entry, root, standalone }) {
  return {
    name: 'seed',
    setup({ onLoad, onResolve, resolve }) {
      onLoad({ filter: /\.[cm]?[jt]s$/ }, async ({ path }) => {
        if (path !== entry) return undefined;
        const source = await readFile(path, 'utf8');
        return { contents: source.replaceAll(IS_MAIN, 'true'), loader: /ts$/.test(path) ? 'ts' : 'js' };
      });
      onResolve({ filter: /./ }, async ({ path, kind, importer, namespace, resolveDir, pluginData }) => {
        if (pluginData === ASKED || kind === 'entry-point' || isBuiltin(path)) return undefined;
        const found = await resolve(path, { kind, importer, namespace, resolveDir, pluginData: ASKED });
        if (found.external || found.namespace !== 'file') return undefined;
        // Nothing is installed where the bundle is made of sources alone.
        if (found.errors.length > 0) return path === CLIENT ? { path, external: true } : undefined;
        if (isClient(found.path, importer)) return leaveOutside(found.path, path);
        const folder = findPackage(found.path);
        if (folder === undefined || folder === findPackage(importer) || !hasNativeCode(folder))
          return undefined;
        if (isOptionalFor(importer, path)) return { path, external: true };
        if (standalone !== undefined && existsSync(join(standalone, relative(root, found.path))))
          return leaveOutside(found.path, path);
        return { errors: [{ text: `${path} contains native code`, detail: { nativePackage: path } }] };
      });
    },
  };

  /**
   * @param {string} file
   * @param {string} name as it was imported
   */
  function leaveOutside(file, name) {
    const place = relative(root, file);
    const isWithin = !place.startsWith('..');
    if (!isWithin && /^\.\.?\//.test(name)) return undefined;
    return { path: isWithin ? `./${place}` : name, external: true };
  }
}

/**
 * Whether a file is the client of the generator `prisma-client-js`, which finds its engine in its own folder: in the package or
 * generated elsewhere. The client of `prisma-client` is source, and imports other files of the package.
 * @param {string} file
 * @param {string} importer
 */
function isClient(file, importer) {
  const folder = dirname(file);
  if (folder === dirname(importer)) return false;
  const isPackage = basename(folder) === 'client' && basename(dirname(folder)) === '@prisma';
  return isPackage || (existsSync(join(folder, 'schema.prisma')) && existsSync(join(folder, 'index.js')));
}
