const REDACTED = '[redacted]';
const SHORTEST_SECRET = 4;
const URL_PASSWORD = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/?#@"']*):[^\s"']*@/gi;

/** The secret values this process knows, removed from every line before it leaves the process. */
export class Secrets {
  readonly #values = new Set<string>();
  #ordered: string[] = [];

  /** Remembers a value in each form it can be printed in: raw, in JSON, percent-encoded, in Base64. */
  add(value: string | undefined): void {
    if (value === undefined || value.length < SHORTEST_SECRET) return;
    const encoded = [
      encodeURIComponent(value),
      encodeURI(value),
      new URLSearchParams([['', value]]).toString().slice(1),
    ];
    const lowerCase = encoded.map((form) => form.replace(/%../g, (byte) => byte.toLowerCase()));
    const others = [JSON.stringify(value).slice(1, -1), Buffer.from(value).toString('base64')];
    for (const form of [value, ...encoded, ...lowerCase, ...others]) this.#values.add(form);
    this.#ordered = [...this.#values].sort((a, b) => b.length - a.length);
  }

  /** The text without any known secret, and without the password of any URL in it. */
  redact(text: string): string {
    let clean = text.replace(URL_PASSWORD, `$1:${REDACTED}@`);
    for (const value of this.#ordered) clean = clean.replaceAll(value, REDACTED);
    return clean;
  }

  /** JSON in whose strings no secret is; a secret that looks like a number or a key leaves the rest as it is. */
  stringify(value: unknown, indent?: number): string {
    const clean = (_: string, part: unknown) => (typeof part === 'string' ? this.redact(part) : part);
    return JSON.stringify(value, clean, indent);
  }
}
