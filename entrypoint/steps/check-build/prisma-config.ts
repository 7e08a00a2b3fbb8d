import { join } from 'node:path';
import { readTextFile } from '../../lib/regular-file.ts';

const FILES = ['prisma.config', '.config/prisma'].flatMap((name) =>
  ['ts', 'js', 'mts', 'mjs', 'cts', 'cjs'].map((extension) => `${name}.${extension}`),
);
const LARGEST_BYTES = 1024 * 1024;
const COMMENT = /\/\*[\s\S]*?\*\/|(?<![:'"`\w])\/\/.*$/gm;
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
    if (text !== undefined) yield { file, text: text.replace(COMMENT, '') };
  }
}

/** The folder that `migrations.path` names, and the file that says so. */
export function readMigrationsPath(appDir: string): { file: string; path: string } | undefined {
  for (const { file, text } of readPrismaConfigs(appDir)) {
    const quoted = new RegExp(`\\bmigrations\\s*:\\s*\\{[^}]*?\\bpath${PATH}`).exec(text)?.[1];
    const parts = [...(quoted ?? '').matchAll(/["'`]([^"'`]*)["'`]/g)].map(([, part = '']) => part);
    if (parts.length > 0) return { file, path: join(...parts) };
  }
  return undefined;
}
