const MOST = 20;

/** The last lines of many. */
export class LastLines {
  readonly #lines: string[] = [];

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MOST) this.#lines.shift();
  }

  get all(): readonly string[] {
    return this.#lines;
  }
}
