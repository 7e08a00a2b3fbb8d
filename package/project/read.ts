import { type Dirent, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { codeOf } from '../../entrypoint/lib/describe-error.ts';
import { describeUnreadable, readRegularFile } from '../../entrypoint/lib/regular-file.ts';
import { ProgramError } from '../failure.ts';

const IGNORED = ['node_modules', 'generated'];
/** What a build puts into the folder of a package; deeper, such a name may be a route. */
const OUTPUTS = ['dist', 'build', 'out', 'coverage'];
const LARGEST_SOURCE = 1024 * 1024;
/** Lockfiles of large repositories have several megabytes. */
const LARGEST_TEXT = 256 * 1024 * 1024;

const JsonObject = z.record(z.string(), z.unknown());
const Text = z.optional(z.string('a string'));
const Texts = z.optional(z.record(z.string(), z.string('a string'), 'an object'));
const Manifest = z.object({
  name: Text,
  version: Text,
  type: Text,
  packageManager: Text,
  scripts: Texts,
  dependencies: Texts,
  devDependencies: Texts,
  workspaces: z.optional(z.unknown()),
  prisma: z.optional(z.object({ schema: Text, seed: Text }, 'an object')),
});

/** What we use of a `package.json`. */
export type Manifest = z.output<typeof Manifest>;

/** The text of a file; undefined if there is none. */
export function readText(...path: string[]): string | undefined {
  const file = join(...path);
  try {
    return readRegularFile(file, LARGEST_TEXT).toString();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTDIR') return undefined;
    // A symbolic link that leads nowhere is no missing file.
    if (code === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    throw new ProgramError(
      `${file} cannot be read (${describeUnreadable(error)})`,
      'Make it a readable file, or remove it.',
      error,
    );
  }
}

/** The manifest in a folder; undefined if there is none. */
export function readManifest(folder: string): Manifest | undefined {
  const value = readJson(folder, 'package.json');
  if (value === undefined) return undefined;
  const { data, error } = Manifest.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return data;
  throw new ProgramError(
    `${join(folder, 'package.json')}: ${issue.path.join('.')} is not ${issue.message}`,
    'Fix it.',
  );
}

/** The object in a JSON file; undefined if there is none. */
export function readJson(folder: string, file: string): Record<string, unknown> | undefined {
  const text = readText(folder, file);
  if (text === undefined) return undefined;
  try {
    return JsonObject.parse(JSON.parse(text.replace(/^\uFEFF/, '')));
  } catch (error) {
    throw new ProgramError(`${join(folder, file)} is not a JSON object`, 'Fix it.', error);
  }
}

/** The range of a dependency, also of one for development; undefined if it is none. */
export function dependency(manifest: Manifest, name: string): string | undefined {
  return manifest.dependencies?.[name] ?? manifest.devDependencies?.[name];
}

export function isFile(...path: string[]): boolean {
  return statSync(join(...path), { throwIfNoEntry: false })?.isFile() === true;
}

export function isFolder(...path: string[]): boolean {
  return statSync(join(...path), { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The paths of the files below a folder, from that folder, without what is generated or installed. */
export function listFiles(folder: string, depth = 12, ignored = [...IGNORED, ...OUTPUTS]): string[] {
  if (depth === 0 || !isFolder(folder)) return [];
  return listEntries(folder)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isFile()) return [entry.name];
      if (!entry.isDirectory() || ignored.includes(entry.name) || entry.name.startsWith('.')) return [];
      return listFiles(join(folder, entry.name), depth - 1, IGNORED).map((path) => `${entry.name}/${path}`);
    });
}

/** What a folder contains; nothing if we may not read it, as of the data of a database: it is no source then. */
export function listEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (/^(?:EACCES|EPERM)$/.test(codeOf(error) ?? '')) return [];
    throw error;
  }
}

/** The text of each source file below a folder that matches, without very large ones. */
export function readSources(folder: string, pattern: RegExp): { path: string; text: string }[] {
  return listFiles(folder)
    .filter((path) => pattern.test(path) && statSync(join(folder, path)).size <= LARGEST_SOURCE)
    .map((path) => ({ path, text: readText(folder, path) ?? '' }));
}
