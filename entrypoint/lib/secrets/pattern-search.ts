import { isInsideWord, isWordlike } from './wordlike.ts';

/** Where in a text something begins and ends. */
export type Span = readonly [start: number, end: number];

const ROOT = 0;
const FIRST_CAPACITY = 1024;
/** A pattern ends at the node. */
const ENDS = 1;
/** One that is not found as a part of a word: `users` is not in `0001_users`. */
const IS_WORD = 2;

/**
 * Many patterns that are looked for at once, in time linear to the length of the text, whatever the text and the patterns are:
 * the automaton of Aho and Corasick. A node is a number; its children are a linked list, which is short but at the root.
 */
export class PatternSearch {
  readonly #roots = new Uint32Array(0x10000);
  /** The character that leads to a node, and how many characters do. */
  #code = new Uint16Array(FIRST_CAPACITY);
  #depth = new Uint32Array(FIRST_CAPACITY);
  #child = new Uint32Array(FIRST_CAPACITY);
  #sibling = new Uint32Array(FIRST_CAPACITY);
  #flags = new Uint8Array(FIRST_CAPACITY);
  /** The node of the longest proper suffix that begins a pattern. */
  #suffix = new Uint32Array(FIRST_CAPACITY);
  /** The node of the longest proper suffix that is a pattern. */
  #shorter = new Uint32Array(FIRST_CAPACITY);
  #count = 1;
  #isLinked = true;

  add(pattern: string): void {
    let node = ROOT;
    for (let at = 0; at < pattern.length; at += 1) {
      const code = pattern.charCodeAt(at);
      node = this.#follow(node, code) || this.#append(node, code);
    }
    this.#flags[node] = ENDS | (isWordlike(pattern) ? IS_WORD : 0);
    this.#isLinked = false;
  }

  /**
   * Where any pattern is, in order; those that overlap or touch are one.
   * @param isCut the text may end within a pattern, whose beginning counts
   */
  find(text: string, { isCut }: { readonly isCut: boolean }): Span[] {
    if (!this.#isLinked) this.#link();
    const spans: Span[] = [];
    let node = ROOT;
    for (let at = 0; at < text.length; at += 1) {
      node = this.#step(node, text.charCodeAt(at));
      const length = this.#lengthOfMatch(node, text, at + 1);
      if (length > 0) addSpan(spans, at + 1 - length, at + 1);
    }
    const begun = isCut ? (this.#depth[node] ?? 0) : 0;
    if (begun > 0) addSpan(spans, text.length - begun, text.length);
    return spans;
  }

  #follow(node: number, code: number): number {
    if (node === ROOT) return this.#roots[code] ?? ROOT;
    let child = this.#child[node] ?? ROOT;
    while (child !== ROOT && this.#code[child] !== code) child = this.#sibling[child] ?? ROOT;
    return child;
  }

  #append(parent: number, code: number): number {
    if (this.#count === this.#code.length) this.#grow();
    const node = this.#count;
    this.#count += 1;
    this.#code[node] = code;
    this.#depth[node] = (this.#depth[parent] ?? 0) + 1;
    this.#sibling[node] = this.#child[parent] ?? ROOT;
    this.#child[parent] = node;
    if (parent === ROOT) this.#roots[code] = node;
    return node;
  }

  #grow(): void {
    this.#code = doubled(this.#code, Uint16Array);
    this.#depth = doubled(this.#depth, Uint32Array);
    this.#child = doubled(this.#child, Uint32Array);
    this.#sibling = doubled(this.#sibling, Uint32Array);
    this.#flags = doubled(this.#flags, Uint8Array);
    this.#suffix = doubled(this.#suffix, Uint32Array);
    this.#shorter = doubled(this.#shorter, Uint32Array);
  }

  /** From the root down: a suffix is shorter than what it is a suffix of. */
  #link(): void {
    const queue = new Uint32Array(this.#count);
    let queued = 1;
    for (const parent of queue) {
      for (let node = this.#child[parent] ?? ROOT; node !== ROOT; node = this.#sibling[node] ?? ROOT) {
        const suffix =
          parent === ROOT ? ROOT : this.#step(this.#suffix[parent] ?? ROOT, this.#code[node] ?? 0);
        this.#suffix[node] = suffix;
        this.#shorter[node] = this.#flags[suffix] ? suffix : (this.#shorter[suffix] ?? ROOT);
        queue[queued] = node;
        queued += 1;
      }
    }
    this.#isLinked = true;
  }

  /** The node of the longest text that ends with this character and begins a pattern. */
  #step(from: number, code: number): number {
    let node = from;
    let next = this.#follow(node, code);
    while (next === ROOT && node !== ROOT) {
      node = this.#suffix[node] ?? ROOT;
      next = this.#follow(node, code);
    }
    return next;
  }

  /** The length of the longest pattern that ends there, or 0. */
  #lengthOfMatch(node: number, text: string, end: number): number {
    for (let match = node; match !== ROOT; match = this.#shorter[match] ?? ROOT) {
      const flags = this.#flags[match] ?? 0;
      const length = this.#depth[match] ?? 0;
      if (flags !== 0 && !(flags & IS_WORD && isInWord(text, end - length, end))) return length;
    }
    return 0;
  }
}

function doubled<Numbers extends Uint8Array | Uint16Array | Uint32Array>(
  numbers: Numbers,
  Kind: new (length: number) => Numbers,
): Numbers {
  const larger = new Kind(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

function isInWord(text: string, start: number, end: number): boolean {
  return isInsideWord(text, start) || isInsideWord(text, end);
}

function addSpan(spans: Span[], from: number, end: number): void {
  let start = from;
  for (let last = spans.at(-1); last !== undefined && last[1] >= start; last = spans.at(-1)) {
    start = Math.min(start, last[0]);
    spans.pop();
  }
  spans.push([start, end]);
}
