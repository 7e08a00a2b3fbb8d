import type { ConnectionSettings, SslMode } from './connection-settings.ts';

/** A connection string that the app gets, and what it means to us. */
export interface AppConnection {
  /** The variables that hold it. */
  readonly variables: readonly string[];
  /** Secret. */
  readonly url: string;
  readonly settings: ConnectionSettings;
  /** Whether a connection was encrypted, which decides `prefer`; undefined while there was none. */
  readonly encrypted?: boolean | undefined;
}

/** The variables with the app's connection strings, in the words of its driver. */
export function driverVariables(connections: readonly AppConnection[]): Record<string, string> {
  return Object.fromEntries(
    connections.flatMap((connection) => connection.variables.map((name) => [name, driverUrl(connection)])),
  );
}

/**
 * A connection string that means to node-postgres what it means to us. By itself node-postgres verifies certificates
 * under `require`, compares names under `verify-ca`, fails under `prefer` where there is no TLS, uses none where no mode
 * is named, and knows none of Prisma's parameters. What agrees already stays as it was written.
 * @see https://github.com/brianc/node-postgres/tree/master/packages/pg-connection-string#ssl
 */
export function driverUrl(connection: Omit<AppConnection, 'variables'>): string {
  const { url, settings } = connection;
  const { tls } = settings;
  const mode = settledMode(connection);
  const saysNothing = !/[?&]ssl/.test(url);
  if (mode === 'prefer' || (mode === 'disable' && saysNothing)) return url;
  const verifies = mode === 'verify-ca' || mode === 'verify-full';
  return withParameters(url, {
    sslmode: mode,
    sslrootcert: verifies ? tls.rootCertFile : undefined,
    uselibpqcompat: mode === 'require' || mode === 'verify-ca' ? 'true' : undefined,
  });
}

function settledMode({ settings, encrypted }: Omit<AppConnection, 'variables'>): SslMode {
  const { mode } = settings.tls;
  if (settings.host.startsWith('/')) return 'disable';
  if (mode !== 'prefer' || encrypted === undefined) return mode;
  return encrypted ? 'require' : 'disable';
}

/** Programs disagree about how a space is encoded, so that only what changes is written anew. */
function withParameters(url: string, changes: Readonly<Record<string, string | undefined>>): string {
  const [base = '', query = ''] = url.split('?');
  const present = new URLSearchParams(query);
  const changed = Object.entries(changes).filter(
    ([name, value]) => (present.get(name) ?? undefined) !== value,
  );
  const names = new Set(changed.map(([name]) => name));
  const parameters = [
    ...query.split('&').filter((part) => part !== '' && !names.has(nameOf(part))),
    ...changed.flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
    ),
  ];
  return parameters.length === 0 ? base : `${base}?${parameters.join('&')}`;
}

function nameOf(part: string): string {
  return [...new URLSearchParams(part).keys()][0] ?? '';
}
