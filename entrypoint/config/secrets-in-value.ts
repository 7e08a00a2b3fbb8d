import { isSecretName, isSetting, isSwitch } from './secret-names.ts';

const PEM_HEADER = '-----BEGIN ';
/** Limits of the search: URLs in a value, levels of JSON. */
const MOST_URLS = 100;
const DEEPEST = 8;

export function isPem(value: string): boolean {
  return value.includes(PEM_HEADER) && value.includes('PRIVATE KEY');
}

/** The PEM text of a Base64 value, which the app decodes. */
export function decodedPem(value: string): string[] {
  const decoded = Buffer.from(value, 'base64').toString();
  return decoded.includes(PEM_HEADER) ? [decoded] : [];
}

/** The passwords of all URLs in a value, and those in parameters such as `sslpassword=…` or `Pwd=…;`. */
export function passwordsIn(value: string): string[] {
  const encoded = [...passwordsOfUrls(value), ...passwordsInParameters(value)];
  return encoded.flatMap((password) => [password, decode(password)]).filter((password) => password !== '');
}

/** Each password in every way a parser may read it: up to the first `@`, and up to the last if it was not encoded. */
function passwordsOfUrls(value: string): string[] {
  const [, ...rests] = value.split('://', MOST_URLS);
  const all = rests.flatMap((rest) => {
    const [, user = '', password] = /^([^:@/?#\s]*):([^@]*)@/.exec(rest) ?? [];
    return password === undefined ? [] : [password, `${decode(user)}:${decode(password)}`];
  });
  const whole = /^[^:]+:\/\/[^:@/]*:(.*)@/s.exec(value)?.[1] ?? '';
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const isToken = parsed?.password === '' && /^https?:$/.test(parsed.protocol);
  return [...all, whole, parsed?.password ?? '', isToken ? parsed.username : ''];
}

/** Parameters of a URL, and of connection strings separated by `;` or, as libpq's, by spaces. */
function passwordsInParameters(value: string): string[] {
  return [/[?&#]/, /;/, /\s/].flatMap((separator) =>
    value.split(separator).flatMap((parameter) => {
      const equals = parameter.indexOf('=');
      const text = parameter.slice(equals + 1).replace(/^(['"])(.*)\1$/s, '$2');
      const name = parameter.slice(0, equals);
      // A URL before its first parameter is no name: the words of its password say nothing about that.
      if (equals < 1 || name.includes('://') || isSwitch(text)) return [];
      return isSecretName(name) ? [text] : [];
    }),
  );
}

/** The path and the parameters of a URL that is secret as a whole, such as that of a webhook. */
export function urlPathIn(value: string): string[] {
  if (!/^https?:/i.test(value) || !URL.canParse(value)) return [];
  const { pathname, search } = new URL(value);
  return pathname.length > 1 ? [pathname + search, pathname] : [];
}

/** The secret fields of a JSON object, such as the private key of a service account. */
export function secretFieldsIn(value: string): string[] {
  if (!/^\s*[{[]/.test(value)) return [];
  try {
    return secretFields('', JSON.parse(value), DEEPEST);
  } catch {
    return [];
  }
}

function secretFields(name: string, field: unknown, depth: number): string[] {
  if (typeof field === 'string') {
    const isSecret = isPem(field) || (isSecretName(name) && !isSetting(field));
    return [...passwordsIn(field), ...(isSecret ? [field] : [])];
  }
  if (typeof field !== 'object' || field === null || depth === 0) return [];
  return Object.entries(field).flatMap(([key, value]) =>
    secretFields(Array.isArray(field) ? name : key, value, depth - 1),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
