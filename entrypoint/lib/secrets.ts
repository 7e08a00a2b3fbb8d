const REDACTED = '[redacted]';
const SHORTEST_SECRET = 4;
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@"']*):[^\s"']*@/gi;

/** Where in a text a secret begins and ends. */
type Span = readonly [start: number, end: number];

/** The secret values this process knows, removed from every line before it leaves the process. */
export class Secrets {
  readonly #values = new Set<string>();

  /** Remembers a value in each form it can be printed in: raw, in JSON, in SQL, percent-encoded, in Base64. */
  add(value: string | undefined): void {
    if (value === undefined || value.length < SHORTEST_SECRET) return;
    const encoded = [
      encodeURIComponent(value),
      encodeURI(value),
      new URLSearchParams([['', value]]).toString().slice(1),
    ];
    const lowerCase = encoded.map((form) => form.replace(/%../g, (byte) => byte.toLowerCase()));
    const others = [JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('base64')];
    for (const form of [value, ...encoded, ...lowerCase, ...others]) {
      this.#values.add(form).add(form.replaceAll("'", "''"));
    }
  }

  /** The text without any known secret, and without the password of any URL in it. */
  redact(text: string): string {
    const spans = [
      ...spansOfUrlPasswords(text),
      ...[...this.#values].flatMap((value) => spansOf(text, value)),
    ];
    let clean = '';
    let end = 0;
    // All are found in the text as it came: one that overlaps another leaves nothing of either.
    for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
      if (from >= end) clean += text.slice(end, from) + REDACTED;
      end = Math.max(end, to);
    }
    return clean + text.slice(end);
  }

  /** JSON in whose strings no secret is; a secret that looks like a number or a key leaves the rest as it is. */
  stringify(value: unknown, indent?: number): string {
    const clean = (_: string, part: unknown) => (typeof part === 'string' ? this.redact(part) : part);
    return JSON.stringify(value, clean, indent);
  }
}

function spansOfUrlPasswords(text: string): Span[] {
  return [...text.matchAll(URL_PASSWORD)].map(({ 0: all, 1: before = '', index }) => [
    index + before.length + 1,
    index + all.length - 1,
  ]);
}

function spansOf(text: string, value: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(value); at !== -1; at = text.indexOf(value, at + 1)) {
    spans.push([at, at + value.length]);
  }
  return spans;
}
