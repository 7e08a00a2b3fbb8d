// The licences of what others wrote and we hand on: beside the bundle in the package, and in the image.
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

export const NOTICES = 'THIRD-PARTY-NOTICES.txt';
const LICENSE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i;
const RULE = `\n\n${'-'.repeat(80)}\n\n`;

/**
 * @param {string} outfile
 * @param {Iterable<string>} folders of packages, from the repository's folder
 * @param {string[]} files of notices that are taken in
 */
export async function writeNotices(outfile, folders, files = []) {
  const notices = await Promise.all([...new Set(folders)].map(describePackage));
  for (const file of files) notices.push(...(await readFile(file, 'utf8')).trimEnd().split(RULE).slice(1));
  const head =
    'Zarpe is distributed with the following software of others, each under the licence below its name.';
  await writeFile(outfile, `${[head, ...[...new Set(notices)].sort()].join(RULE)}\n`);
}

/**
 * The packages in a bundle.
 * @param {Readonly<Record<string, unknown>>} inputs of esbuild's metafile
 */
export function bundledPackages(inputs) {
  return Object.keys(inputs).flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
}

/** What an image may hold: the packages of production, native ones left out, and what Next.js has compiled in. */
export async function productionPackages() {
  const { packages } = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8'));
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional)
    .flatMap(([path]) => (existsSync(join(ROOT, path, 'package.json')) ? [path] : []));
  const compiled = 'node_modules/next/dist/compiled';
  const names = await readdir(join(ROOT, compiled));
  const scoped = names.filter((name) => name.startsWith('@'));
  const inScopes = await Promise.all(
    scoped.map(async (scope) =>
      (await readdir(join(ROOT, compiled, scope))).map((name) => `${scope}/${name}`),
    ),
  );
  const candidates = [...names, ...inScopes.flat()].map((name) => `${compiled}/${name}`);
  return [...installed, ...candidates.filter((path) => existsSync(join(ROOT, path, 'LICENSE')))];
}

/** @param {string} folder */
async function describePackage(folder) {
  const manifest = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8').catch(() => '{}'));
  const {
    name = folder.replace(/^.*(?:node_modules|compiled)\//, ''),
    version,
    license = 'see below',
  } = manifest;
  const text = await readLicense(folder, manifest);
  return `${name}${version === undefined ? '' : ` ${version}`} (${license})\n\n${text.replaceAll('\r', '').trim()}`;
}

/**
 * The text that the package ships; of those that ship none, the text of the licence they name.
 * @param {string} folder
 * @param {{ name?: string, license?: string, author?: string | { name?: string } }} manifest
 */
async function readLicense(folder, { name, license, author }) {
  const read = (/** @type {string} */ path) => readFile(join(ROOT, path), 'utf8');
  const files = (await readdir(join(ROOT, folder))).filter((file) => LICENSE_FILE.test(file)).sort();
  if (files.length > 0)
    return (await Promise.all(files.map((file) => read(join(folder, file))))).join('\n\n');
  const holder = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`;
  if (license === 'MIT') return (await read('LICENSE')).replace(/^Copyright .*$/m, `Copyright (c) ${holder}`);
  if (license === 'Apache-2.0') return read('node_modules/@prisma/client/LICENSE');
  throw new Error(`${folder}: no licence text is known for ${license}`);
}
