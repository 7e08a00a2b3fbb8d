import { dirname, relative, resolve } from 'node:path';
import { findSchemaFiles, readDatasource } from '../steps/check-build/datasource.ts';
import { readPrismaConfigs } from '../steps/check-build/prisma-config.ts';
import { describeEnvFiles } from './env-files.ts';
import type { ResolvedEnvironment } from './environment.ts';
import type { Values } from './values.ts';

/** Prisma’s `env("NAME")`, or the environment of the process with a dot or brackets. */
const READS = /\s*:\s*(?:env(?:<\w+>)?\(\s*|process\.env\.|process\.env\[\s*)["'`]?([A-Za-z_]\w*)/.source;
const MOST_NAMES = 3;

/** The variables that the app's own Prisma configuration reads its connection strings from. */
interface Readers {
  readonly file: string;
  readonly url: string;
  readonly directUrl: string | undefined;
}

/** What to do where no connection string is set: what is known of the app and its environment decides. */
export function suggestUrlNames(environment: ResolvedEnvironment, values: Values, appDir: string): string {
  const { urlNames } = environment;
  const parts = 'DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME';
  return [
    `Set ${urlNames.server.join(' or ')}, or ${parts}.`,
    describeReaders(environment, findReaders(appDir, values.ENTRYPOINT_PRISMA_DIR)) ??
      describeCandidates(environment),
    describeEnvFiles(dirname(resolve(appDir, values.ENTRYPOINT_SERVER))),
  ]
    .filter((sentence) => sentence !== undefined)
    .join(' ');
}

function describeReaders(
  { variables, urlNames }: ResolvedEnvironment,
  readers: Readers | undefined,
): string | undefined {
  if (readers === undefined || [...urlNames.server, ...urlNames.direct].includes(readers.url))
    return undefined;
  const { file, url, directUrl } = readers;
  const isSet = url in variables || `${url}_FILE` in variables;
  const direct =
    directUrl === undefined || urlNames.direct.includes(directUrl)
      ? ''
      : `, and ENTRYPOINT_DIRECT_URL_FROM=${directUrl}`;
  return `${file} reads ${url}${isSet ? ', which is set' : ''}: set ${isSet ? '' : 'it, and '}ENTRYPOINT_DATABASE_URL_FROM=${url}${direct}.`;
}

/** The schema's own words in Prisma 6 and older; otherwise those of `prisma.config`, read as text. */
function findReaders(appDir: string, prismaDir: string): Readers | undefined {
  const { file, url, directUrl } = readDatasource(
    findSchemaFiles(resolve(appDir, prismaDir)),
    () => undefined,
  );
  if (file !== undefined && url !== undefined) return { file: relative(appDir, file), url, directUrl };
  for (const { file: name, text } of readPrismaConfigs(appDir)) {
    const read = (property: string) => new RegExp(`\\b${property}${READS}`).exec(text)?.[1];
    const found = read('url');
    if (found !== undefined) return { file: name, url: found, directUrl: read('directUrl') };
  }
  return undefined;
}

/** Variables that hold a connection string, under whatever name. */
function describeCandidates({ variables, urlNames }: ResolvedEnvironment): string | undefined {
  const candidates = Object.keys(variables).filter(
    (name) => /^postgres(?:ql)?:\/\//i.test(variables[name] ?? '') && !urlNames.direct.includes(name),
  );
  const shown = candidates.slice(0, MOST_NAMES);
  if (shown.length === 0) return undefined;
  return `A connection string is set as ${shown.join(', ')}: if it is the app's, set ENTRYPOINT_DATABASE_URL_FROM=${shown[0]}.`;
}
