/**
 * What must never be printed, and whether a text prints it.
 *
 * `createSecret(label)` makes a password that holds every character that a URL, a shell, a connection string or
 * JSON gives a meaning to, around two random words. Either word in an output is a leak, whatever the
 * encoding of the rest: raw, percent-encoded, escaped, or cut off at the first `@`.
 * `registerSecret(value)` adds a secret of a test's own; `findSecrets(text)` names the registered ones it finds.
 */
import { randomBytes } from 'node:crypto';

const SHORTEST_TELLING_SECRET = 12;
const known = new Map<string, string>();

export function createSecret(label: string): string {
  const words = [randomWord(), randomWord()] as const;
  for (const word of words) known.set(word, label);
  return `${words[0]}@:/?#[]%41& +=;,!$'"\\<>{}|^\`~*()é${words[1]}`;
}

/** Registers a secret made elsewhere; one too short to be told from ordinary words is left out. */
export function registerSecret(value: string, label: string): void {
  if (value.length < SHORTEST_TELLING_SECRET) return;
  for (const form of formsOf(value)) known.set(form, label);
}

/** Registers a secret of `createSecret` that another process made. */
export function adoptSecret(value: string, label: string): void {
  for (const word of value.match(/zs[0-9a-f]{20}/g) ?? []) known.set(word, label);
}

/** The labels of the secrets that `text` gives away. */
export function findSecrets(text: string): string[] {
  const found = new Set<string>();
  for (const [form, label] of known) if (text.includes(form)) found.add(label);
  return [...found];
}

/** Registers what an environment gives away by its names: URLs' passwords, `*PASSWORD`, `*SECRET`, `*TOKEN`, `*KEY`. */
export function registerEnvironment(environment: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (/(PASSWORD|SECRET|TOKEN|KEY|WEBHOOK)$/.test(name)) registerSecret(value, name);
    const password = /^[a-z]+:\/\/[^:/?#]*:(.+)@/i.exec(value)?.[1];
    if (password !== undefined) registerSecret(password, `the password in ${name}`);
  }
}

function randomWord(): string {
  return `zs${randomBytes(10).toString('hex')}`;
}

function formsOf(value: string): string[] {
  const encoded = encodeURIComponent(value);
  return [
    value,
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()),
    decodeSafely(value),
    JSON.stringify(value).slice(1, -1),
    Buffer.from(value).toString('base64'),
  ];
}

function decodeSafely(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
