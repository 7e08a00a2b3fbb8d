import type { SettingProblem } from '../core/errors.ts';
import { LONGEST_MS } from '../lib/duration.ts';
import type { ConnectionSettings, ConnectionSource } from '../postgres/connection-settings.ts';
import { findBarePercent, findDisputedCharacter } from './disputed-characters.ts';
import { readSecurity } from './security-parameters.ts';
import { findUnencodedPassword } from './unencoded-password.ts';
import { findParameterProblem } from './url-parameters.ts';

const EXPECTED = 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE';
const ONE_HOST = 'Name only the primary: Zarpe writes to it.';
const DEFAULT_CONNECT_TIMEOUT_S = 5;

export type Parsed<Value> = { readonly value: Value } | { readonly problem: SettingProblem };

/**
 * Parses a connection string with Prisma's parameters; answers with settings, or with the first problem. A problem
 * repeats nothing of the URL but its scheme and parameter names.
 * @param baseDir the folder that relative certificate paths start from
 */
export function parseDatabaseUrl(
  source: ConnectionSource,
  text: string,
  baseDir: string,
): Parsed<ConnectionSettings> {
  // A URL that was built from parts can only fail in what is not encoded: its parameters.
  const what = source.params.replace(/_FILE$/, '');
  const fail = (expected: string, got: string, hint: string) => ({
    problem: { what, expected, got, hint },
  });
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== 'postgres' && scheme !== 'postgresql') {
    return fail(
      'a PostgreSQL connection string (postgres:// or postgresql://)',
      scheme === undefined ? `a ${text.length}-character value without a scheme` : `the scheme ${scheme}:`,
      `Write it as ${EXPECTED}.`,
    );
  }
  const unencoded = findUnencodedPassword(text);
  if (unencoded !== undefined) {
    return fail(
      'a percent-encoded password',
      `a password with an unencoded ${unencoded.map((character) => `"${character}"`).join(' and ')}`,
      `Encode it (${unencoded.map((character) => `${character} is ${encodeURIComponent(character)}`).join(', ')}), or set DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME instead of a URL: Zarpe encodes them.`,
    );
  }
  const disputed = findDisputedCharacter(text);
  if (disputed !== undefined) return { problem: { what, ...disputed } };
  if (/^[^?#]*@[^@/?#]*,/.test(text)) return fail('one host', 'several hosts', ONE_HOST);
  const complete = withHost(text);
  if (!URL.canParse(complete)) {
    return fail(
      EXPECTED,
      `a ${text.length}-character value that is not a URL`,
      'Check its host, port and encoding.',
    );
  }
  const url = new URL(complete);
  const bare = findBarePercent(url.search);
  const problem = bare === undefined ? findParameterProblem(what, url) : { what, ...bare };
  return problem === undefined ? readUrl(source, url, baseDir, fail) : { problem };
}

function readUrl(
  source: ConnectionSource,
  url: URL,
  baseDir: string,
  fail: (expected: string, got: string, hint: string) => { problem: SettingProblem },
): Parsed<ConnectionSettings> {
  const parameters = url.searchParams;
  const parameter = (name: string) => parameters.get(name) || undefined;
  const host = parameter('host') ?? decode(url.hostname)?.replace(/^\[(.*)\]$/, '$1');
  const user = decode(url.username);
  const database = decode(url.pathname.slice(1));
  for (const [part, decoded] of Object.entries({ host, user, 'database name': database })) {
    if (decoded === undefined)
      return fail(`a percent-encoded ${part}`, 'a % that encodes nothing', 'Write % as %25.');
  }
  if (!host) return fail('a host', 'no host', `Write it as ${EXPECTED}.`);
  if (host.includes(',')) return fail('one host', 'several hosts', ONE_HOST);
  if (!user) return fail('a user', 'no user', `Write it as ${EXPECTED}.`);
  if (!database)
    return fail('a database name after the host', 'no database name', `Write it as ${EXPECTED}.`);
  const security = readSecurity(parameters, baseDir, fail);
  if ('problem' in security) return security;
  const port = Number(parameter('port') ?? (url.port || 5432));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    return fail('a port from 1 to 65535', 'another value', 'Fix the port parameter.');
  }
  const connectTimeout = Number(parameter('connect_timeout') ?? DEFAULT_CONNECT_TIMEOUT_S);
  if (!Number.isInteger(connectTimeout) || connectTimeout < 0) {
    return fail('connect_timeout in whole seconds', 'another value', 'Fix the connect_timeout parameter.');
  }
  return {
    value: {
      source,
      host,
      port,
      user,
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      database,
      schema: parameter('schema'),
      ...security,
      connectTimeoutMs: Math.min((connectTimeout === 0 ? 60 : connectTimeout) * 1000, LONGEST_MS),
      applicationName: parameter('application_name'),
      options: parameter('options'),
      pgbouncer: parameter('pgbouncer') === 'true',
    },
  };
}

/** With a host where only the parameter names one, as libpq and node-postgres read it: `postgresql://app@/main?host=/run`. */
function withHost(text: string): string {
  return text.replace(/^([a-z]+:\/\/[^/?#]*@)(\/[^?#]*\?(?:[^#]*&)?host=[^&#])/i, '$1localhost$2');
}

/** Undefined if a percent sign is not followed by two hexadecimal digits, or what they encode is not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
