import { join } from 'node:path';
import { readTextFile } from '../../lib/regular-file.ts';
import { stripComments } from '../../lib/strip-comments.ts';

const FILES = ['prisma.config', '.config/prisma'].flatMap((name) =>
  ['ts', 'js', 'mts', 'mjs', 'cts', 'cjs'].map((extension) => `${name}.${extension}`),
);
const LARGEST_BYTES = 1024 * 1024;
/** A path in quotes, or its parts in `path.join(…)`. */
const PATH =
  /\s*:\s*(?:(?:path\.)?(?:join|resolve)\(\s*(?:(?:__dirname|import\.meta\.dirname)\s*,\s*)?)?((?:["'`][^"'`\n]*["'`][\s,]*)+)/
    .source;

/** What the app's `prisma.config.*` says, as far as its text shows it: it is not run. */
export interface PrismaConfigFile {
  readonly file: string;
  /** Without comments. */
  readonly text: string;
}

export function* readPrismaConfigs(appDir: string): Generator<PrismaConfigFile> {
  for (const file of FILES) {
    const text = readTextFile(join(appDir, file), LARGEST_BYTES);
    if (text !== undefined) yield { file, text: stripComments(text) };
  }
}

/** The folder that `migrations.path` names, and the file that says so. */
export function readMigrationsPath(appDir: string): { file: string; path: string } | undefined {
  for (const { file, text } of readPrismaConfigs(appDir)) {
    const path = findMigrationsPath(text);
    if (path !== undefined) return { file, path };
  }
  return undefined;
}

export const findMigrationsPath = (text: string) => findPath(text, /\bmigrations\s*:\s*\{[^}]*?\bpath/);
export const findSchemaPath = (text: string) => findPath(text, /\bschema/);

/** The command that `migrations.seed` names. */
export function findSeedCommand(text: string): string | undefined {
  return /\bseed\s*:\s*(["'`])((?:(?!\1)[^\n])+)\1/.exec(text)?.[2];
}

function findPath(text: string, property: RegExp): string | undefined {
  const quoted = new RegExp(property.source + PATH).exec(text)?.[1];
  const parts = [...(quoted ?? '').matchAll(/["'`]([^"'`]*)["'`]/g)].map(([, part = '']) => part);
  return parts.length > 0 ? join(...parts) : undefined;
}
