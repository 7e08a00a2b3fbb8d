import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isFolder } from '../../lib/find-program.ts';
import { describeUnreadable, readRegularFile } from '../../lib/regular-file.ts';

const LARGEST_BYTES = 16 * 1024 * 1024;

export interface Datasource {
  readonly file: string | undefined;
  /** Further files with a datasource: of other schemas. */
  readonly others: readonly string[];
  readonly provider: string | undefined;
  readonly schemas: readonly string[];
  /** The variables that `url` and `directUrl` name, in Prisma 6 and older. */
  readonly url: string | undefined;
  readonly directUrl: string | undefined;
}

/**
 * The files of a Prisma schema: one, or all in a folder.
 * @param dir a folder, or a file whose name ends with .prisma
 */
export function findSchemaFiles(dir: string): string[] {
  const single = dir.endsWith('.prisma') && !isFolder(dir) ? dir : join(dir, 'schema.prisma');
  if (existsSync(single)) return [single];
  const inFolder = (folder: string): string[] => {
    try {
      return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return entry.name === 'migrations' ? [] : inFolder(path);
        return entry.name.endsWith('.prisma') ? [path] : [];
      });
    } catch {
      return [];
    }
  };
  return inFolder(dir);
}

/**
 * The first datasource in the files of a Prisma schema.
 * @param refuse called with each file that cannot be read, and the reason
 */
export function readDatasource(
  files: readonly string[],
  refuse: (file: string, got: string) => void,
): Datasource {
  const found = files.flatMap((file) => {
    const block = /^\s*datasource\s+\w+\s*\{([\s\S]*?)^\s*\}/m.exec(readSchema(file, refuse))?.[1];
    return block === undefined ? [] : [{ file, block }];
  });
  const { file, block = '' } = found[0] ?? {};
  const schemas = /^\s*schemas\s*=\s*\[([^\]]*)\]/m.exec(block)?.[1] ?? '';
  return {
    file,
    others: found.slice(1).map((other) => other.file),
    provider: /^\s*provider\s*=\s*"([^"]*)"/m.exec(block)?.[1],
    schemas: [...schemas.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? ''),
    url: /^\s*url\s*=\s*env\(\s*"(\w+)"/m.exec(block)?.[1],
    directUrl: /^\s*directUrl\s*=\s*env\(\s*"(\w+)"/m.exec(block)?.[1],
  };
}

/** The files as Prisma's engine takes them: without connection strings, which it refuses to find there. */
export function readSchemaFiles(
  files: readonly string[],
  appDir: string,
): { path: string; content: string }[] {
  return files.map((file) => ({
    path: relative(appDir, file),
    content: readRegularFile(file, LARGEST_BYTES)
      .toString()
      .replace(/^\s*datasource\s+\w+\s*\{[\s\S]*?^\s*\}/m, (block) =>
        block.replace(/^\s*(?:url|directUrl|shadowDatabaseUrl)\s*=.*$/gm, ''),
      ),
  }));
}

function readSchema(file: string, refuse: (file: string, got: string) => void): string {
  try {
    return readRegularFile(file, LARGEST_BYTES).toString();
  } catch (error) {
    refuse(file, describeUnreadable(error));
    return '';
  }
}
