import { dirname } from 'node:path';
import type { PrismaProject } from '../../project/prisma-project.ts';
import type { Project } from '../../project/project.ts';

/** Docker's own variable, not ours. */
export const IMAGE = `\${NODE_IMAGE}`;

/** A line that copies paths to a folder that ends with a slash, or one path to another; from an earlier stage, if one is named. */
export function copyLine(from: readonly string[], to: string, stage?: string): string {
  const sources = from.map((path) => (stage === undefined ? path : `/src/${path}`));
  const all = [...sources, `./${to}`];
  const words = all.some((path) => /\s/.test(path)) ? JSON.stringify(all) : all.join(' ');
  return `COPY ${stage === undefined ? '' : `--from=${stage} `}${words}`;
}

/** A path as a word of a shell. */
export function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** The same of one that ends with `*.prisma`, which the shell expands. */
export function quotePattern(path: string): string {
  const [, folder, pattern] = /^(.*?)(\*\.prisma)$/.exec(path) ?? [];
  if (folder === undefined || pattern === undefined) return quote(path);
  return folder === '' ? pattern : quote(folder) + pattern;
}

/** What is copied for the schema, and to where: its folder, or its files where they lie among others. */
export function schemaPaths({ dir, files, isOwnFolder }: PrismaProject): [from: string, to: string][] {
  if (isOwnFolder) return [[dir, dir]];
  const folders = [...new Set(files.map((file) => dirname(file)))];
  return folders.map((folder) => (folder === '.' ? ['*.prisma', ''] : [`${folder}/*.prisma`, `${folder}/`]));
}

/** Debian's slim images have no OpenSSL. */
export function openssl({ prisma }: Project): string[] {
  if (!prisma.hasEngine) return [];
  return [
    '# For Prisma’s engine.',
    'RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*',
  ];
}
