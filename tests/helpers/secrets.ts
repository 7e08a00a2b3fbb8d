/**
 * What must never be printed, and whether a text prints it.
 *
 * `createSecret(label)` makes a password that holds every character that a URL, a shell, a connection string or
 * JSON gives a meaning to, between two random words. Either word in an output is a leak, whatever the
 * encoding of the rest: raw, percent-encoded, escaped, or cut off at the first `@`.
 * `findSecrets(text, more?)` names those it finds, of these and of a test's own.
 */
import { randomBytes } from 'node:crypto';

/** One form that a secret may be printed in. */
export interface Secret {
  form: string;
  label: string;
}

/** A shorter one cannot be told from ordinary words. */
const SHORTEST = 12;
const created: Secret[] = [];

export function createSecret(label: string): string {
  const [first, last] = [randomWord(), randomWord()];
  const secret = `${first}@:/?#[]%41& +=;,!$'"\\<>{}|^\`~*()é${last}`;
  adoptSecret(secret, label);
  return secret;
}

/** Takes over a secret that `createSecret` made in another process. */
export function adoptSecret(value: string, label: string): void {
  for (const form of value.match(/zs[0-9a-f]{20}/g) ?? []) {
    if (!created.some((secret) => secret.form === form)) created.push({ form, label });
  }
}

/** The labels of the secrets that `text` gives away. */
export function findSecrets(text: string, more: Secret[] = []): string[] {
  const found = [...created, ...more].filter(({ form }) => text.includes(form));
  return [...new Set(found.map(({ label }) => label))];
}

/** What an environment calls secret: passwords in URLs, and `*PASSWORD`, `*SECRET`, `*TOKEN`, `*KEY`, `*WEBHOOK`. */
export function secretsOfEnvironment(environment: Record<string, string | undefined>): Secret[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    const password = /^[a-z]+:\/\/[^:/?#]*:(.+)@/i.exec(value)?.[1] ?? '';
    const whole = /(PASSWORD|SECRET|TOKEN|KEY|WEBHOOK)$/.test(name) ? secretForms(value, name) : [];
    return [...whole, ...secretForms(password, `the password in ${name}`)];
  });
}

/** The forms that a secret may be printed in; none where it is too short to be told from ordinary words. */
export function secretForms(value: string, label: string): Secret[] {
  if (value.length < SHORTEST) return [];
  const encoded = encodeURIComponent(value);
  const forms = [
    value,
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()),
    decodeSafely(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
  ];
  return forms.map((form) => ({ form, label }));
}

function randomWord(): string {
  return `zs${randomBytes(10).toString('hex')}`;
}

function decodeSafely(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
