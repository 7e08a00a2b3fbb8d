const RESERVED = ['@', ':', '/', '?', '#'];

/**
 * The characters of a password that should be percent-encoded; undefined if there are none. Parsers disagree about such
 * URLs: the entrypoint might reach the database while the app does not.
 */
export function findUnencodedPassword(url: string): string[] | undefined {
  const rest = url.slice(url.indexOf('://') + 3);
  const userInfo = readUserInfo(rest);
  if (userInfo === undefined) return undefined;
  const password = userInfo.slice(userInfo.indexOf(':') + 1);
  if (!userInfo.includes(':')) return undefined;
  const found = RESERVED.filter((character) => password.includes(character));
  if (/%(?![0-9a-f]{2})/i.test(password) || !isDecodable(password)) found.push('%');
  return found.length === 0 ? undefined : found;
}

/** The text before the `@` that separates credentials and host, even if an earlier `/ ? #` ends the authority. */
function readUserInfo(rest: string): string | undefined {
  const authority = rest.slice(0, indexOrEnd(rest, /[/?#]/));
  const beforeParameter = rest.slice(0, indexOrEnd(rest, /[?&][A-Za-z_]+=/));
  const last = beforeParameter.lastIndexOf('@');
  if (last > authority.length) return rest.slice(0, last);
  const inAuthority = authority.lastIndexOf('@');
  if (inAuthority !== -1) return authority.slice(0, inAuthority);
  const portIsText = /:(?!\d+$)/.test(authority);
  return portIsText && rest.includes('@') ? rest.slice(0, rest.lastIndexOf('@')) : undefined;
}

function indexOrEnd(text: string, pattern: RegExp): number {
  const index = text.search(pattern);
  return index === -1 ? text.length : index;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
