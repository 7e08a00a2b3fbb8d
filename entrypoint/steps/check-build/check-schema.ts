import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { SettingProblem } from '../../core/errors.ts';
import { type Datasource, findSchemaFiles, readDatasource } from './datasource.ts';
import { findFolders, nameOf } from './listing.ts';

const EXPECTED = 'the Prisma schema, one file or a folder of them';
const POSTGRES = /^postgres(?:ql)?$/;
const MOST_FOUND = 3;

export interface Schema {
  /** The folder that holds it. */
  readonly dir: string;
  readonly files: readonly string[];
  readonly datasource: Datasource;
}

/** The Prisma schema, in one file or in many; what is missing or of another database becomes a problem. */
export function checkSchema(appDir: string, prismaDir: string, problems: SettingProblem[]): Schema {
  const path = resolve(appDir, prismaDir);
  const files = findSchemaFiles(path);
  const name = nameOf(path, appDir);
  const datasource = readDatasource(files, (file, got) =>
    problems.push({
      what: nameOf(file, appDir),
      expected: EXPECTED,
      got,
      hint: `${copyLine(path, appDir)}, readable by the user of the container.`,
    }),
  );
  if (files.length === 0) {
    problems.push({
      what: name.endsWith('.prisma') ? name : `${name}/schema.prisma`,
      expected: EXPECTED,
      got: existsSync(path) ? 'none' : name.endsWith('.prisma') ? 'no such file' : 'no such folder',
      hint: describeElsewhere(appDir) ?? `${copyLine(path, appDir)}, or set ENTRYPOINT_PRISMA_DIR.`,
    });
  } else if (datasource.others.length > 0) {
    const all = [datasource.file ?? '', ...datasource.others].map((file) => nameOf(file, appDir));
    problems.push({
      what: name,
      expected: 'a schema with one datasource',
      got: `one in each of ${all.join(', ')}`,
      hint: `Set ENTRYPOINT_PRISMA_DIR to the file of the schema to migrate, such as ${all[0]}.`,
    });
  } else if (!isPostgres(datasource.provider)) {
    problems.push({
      what: nameOf(datasource.file ?? path, appDir),
      expected: 'a datasource with provider = "postgresql"',
      got: `provider = "${datasource.provider}"`,
      hint: 'Zarpe migrates PostgreSQL only.',
    });
  }
  return { dir: path.endsWith('.prisma') ? dirname(path) : path, files, datasource };
}

/** Whether a provider, where one is named, is PostgreSQL. */
export function isPostgres(provider: string | undefined): boolean {
  return provider === undefined || POSTGRES.test(provider);
}

/** The line of a Dockerfile that copies a folder or file of the repository to where it is expected. */
export function copyLine(path: string, appDir: string): string {
  const name = nameOf(path, appDir);
  const [from, to] = isAbsolute(name) ? [`/app/${basename(name)}`, name] : [`/app/${name}`, `./${name}`];
  return `Copy it: COPY --from=builder ${from} ${to}`;
}

/** Where in the image a schema lies; those with migrations first, for generated clients carry a schema too. */
function describeElsewhere(appDir: string): string | undefined {
  const hasMigrations = (dir: string) => existsSync(join(dir, 'migrations'));
  const found = findFolders(appDir, (names) => names.some((name) => name.endsWith('.prisma')))
    .map((dir) => (!hasMigrations(dir) && hasMigrations(dirname(dir)) ? dirname(dir) : dir))
    .sort((a, b) => Number(hasMigrations(b)) - Number(hasMigrations(a)))
    .map((dir) => nameOf(dir, appDir));
  const [first] = found;
  if (first === undefined) return undefined;
  const others = found.slice(1, MOST_FOUND);
  const also = others.length > 0 ? ` There is one at ${others.join(' and ')} too.` : '';
  return `It is at ${first}: set ENTRYPOINT_PRISMA_DIR=${first}.${also}`;
}
