export interface UrlParts {
  readonly host: string;
  readonly port: string | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly name: string;
  /** The text after the `?`, such as `schema=app&sslmode=require`. */
  readonly params: string | undefined;
}

/** Builds a connection string and percent-encodes its parts. A socket directory becomes Prisma's `host` parameter. */
export function buildDatabaseUrl(parts: UrlParts): string {
  const password = parts.password === undefined ? '' : `:${encodeURIComponent(parts.password)}`;
  const isSocket = parts.host.startsWith('/');
  const isIpv6 = parts.host.includes(':') && !parts.host.startsWith('[');
  const host = isSocket ? 'localhost' : isIpv6 ? `[${parts.host}]` : parts.host;
  const port = parts.port === undefined ? '' : `:${parts.port}`;
  const params = [
    isSocket ? `host=${encodeURIComponent(parts.host)}` : '',
    parts.params?.replace(/^\?/, '') ?? '',
  ]
    .filter((text) => text !== '')
    .join('&');
  const query = params === '' ? '' : `?${params}`;
  return `postgresql://${encodeURIComponent(parts.user)}${password}@${host}${port}/${encodeURIComponent(parts.name)}${query}`;
}
