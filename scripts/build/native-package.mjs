import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Packages that find and load the native code of the package that depends on them. */
const LOADERS = [
  'node-gyp-build',
  'node-gyp-build-optional-packages',
  'prebuild-install',
  '@mapbox/node-pre-gyp',
  'bindings',
];
/** A package for one system: `@img/sharp-linux-x64`, `@node-rs/bcrypt-darwin-arm64`. */
const FOR_ONE_SYSTEM = /(?:linux|darwin|win32)\w*-(?:x64|arm64)/;

/**
 * The folder of the package that a file below node_modules belongs to; undefined for any other file.
 * @param {string} file
 */
export function findPackage(file) {
  return /^.*[/\\]node_modules[/\\](?:@[^/\\]+[/\\])?[^/\\]+/.exec(file)?.[0];
}

/** @param {string} folder of a package */
export function hasNativeCode(folder) {
  const { dependencies, optionalDependencies, gypfile, binary } = readManifest(folder);
  return (
    gypfile === true ||
    binary !== undefined ||
    readdirSync(folder).some((name) => /^(?:binding\.gyp|prebuilds|.*\.node)$/.test(name)) ||
    LOADERS.some((name) => dependencies?.[name] !== undefined) ||
    Object.keys(optionalDependencies ?? {}).some((name) => FOR_ONE_SYSTEM.test(name))
  );
}

/**
 * Whether a package does without another one that it asks for, as `ws` does without `bufferutil`.
 * @param {string} importer a file
 * @param {string} name
 */
export function isOptionalFor(importer, name) {
  const folder = findPackage(importer);
  if (folder === undefined) return false;
  const { optionalDependencies, peerDependenciesMeta } = readManifest(folder);
  return optionalDependencies?.[name] !== undefined || peerDependenciesMeta?.[name]?.optional === true;
}

/**
 * @typedef {{ dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>, gypfile?: boolean,
 *   binary?: unknown, peerDependenciesMeta?: Record<string, { optional?: boolean }> }} Manifest
 * @param {string} folder
 * @returns {Manifest}
 */
function readManifest(folder) {
  const path = join(folder, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}
