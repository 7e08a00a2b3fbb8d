import { VARIABLES } from './variables.ts';

/** The variables that connection strings are read from, in order: the first that is set is used. */
export interface UrlNames {
  readonly server: readonly string[];
  readonly direct: readonly string[];
  /** Those of the further databases of `zarpe.config.json`. */
  readonly further: readonly string[];
}

/** Names under which services and projects give a connection that bypasses the pooler. */
const KNOWN_DIRECT = [
  'DIRECT_DATABASE_URL',
  'MIGRATE_DATABASE_URL',
  'DATABASE_URL_UNPOOLED',
  'POSTGRES_URL_NON_POOLING',
];

/** The names in a list; the default where the list is malformed, which its schema reports. */
export function parseUrlNames(
  list: 'ENTRYPOINT_DATABASE_URL_FROM' | 'ENTRYPOINT_DIRECT_URL_FROM',
  text: string | undefined,
): readonly string[] {
  const { schema, fallback } = VARIABLES[list];
  const parsed = text === undefined ? undefined : schema().safeParse(text);
  return parsed?.success === true ? parsed.data : fallback;
}

/** The variables in which the app gets a connection string that nobody has set: one of another name, or one of parts. */
export function namesMadeOfOthers(
  { server }: UrlNames,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  if (server.some((name) => name in variables)) return ['DATABASE_URL'];
  return 'DATABASE_HOST' in variables ? ['DATABASE_URL', ...server] : [];
}

/** A message about direct connections that are set and that nothing uses; undefined if there are none. */
export function findUnusedDirectUrl(
  { server, direct }: UrlNames,
  variables: Readonly<Record<string, string>>,
): string | undefined {
  if (direct.some((name) => name in variables)) return undefined;
  const used = server.find((name) => name in variables);
  // Whoever has set the list has chosen; a DIRECT_URL is for Zarpe all the same.
  const candidates = ['DIRECT_URL', ...('ENTRYPOINT_DIRECT_URL_FROM' in variables ? [] : KNOWN_DIRECT)];
  const [unused] = candidates.filter((name) => isUnused(name, used, variables));
  if (unused === undefined) return undefined;
  return `${unused} is set and not used; for migrations over it set ENTRYPOINT_DIRECT_URL_FROM=${unused}`;
}

function isUnused(
  name: string,
  used: string | undefined,
  variables: Readonly<Record<string, string>>,
): boolean {
  if (name in variables) return used === undefined || variables[name] !== variables[used];
  return `${name}_FILE` in variables;
}
