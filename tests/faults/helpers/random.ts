/**
 * Chance that repeats: `ZARPE_TEST_SEED=7 npm run test:faults` takes other choices, and the same ones each time;
 * `ZARPE_TEST_SEED=random` others each time. Every failure names the seed.
 * `ZARPE_FAULTS_SHARE=0.5` strikes half of the instants that there are.
 *
 *     const random = new Random('kill storm');     // each name its own sequence
 *     random.below(10), random.pick(list), random.chance(0.3), random.shuffle(list), random.fork('name')
 */
import { createHash, randomInt } from 'node:crypto';
import { onTestFailed } from 'vitest';

const given = process.env.ZARPE_TEST_SEED ?? '1';

/** The seed of this run. */
export const SEED = given === 'random' ? randomInt(2 ** 31) : Number(given);
if (!Number.isSafeInteger(SEED)) throw new Error(`ZARPE_TEST_SEED: expected a whole number, got ${given}`);

export class Random {
  readonly #name: string;
  #state: number;

  constructor(name: string) {
    this.#name = name;
    this.#state = createHash('sha256').update(`${SEED} ${name}`).digest().readUInt32LE();
  }

  /** A sequence of its own, whatever else is drawn from this one. */
  fork(name: string): Random {
    return new Random(`${this.#name} ${name}`);
  }

  /** From 0 to less than 1. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 to less than `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, order: this.next() }))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  }
}

const share = Number(process.env.ZARPE_FAULTS_SHARE ?? '1');
if (!(share > 0 && share <= 1)) throw new Error('ZARPE_FAULTS_SHARE: expected a number above 0, 1 at most');

/** Those of all instants that this run strikes, in their order: at least one. */
export function drawShare<Item>(instants: readonly Item[], name: string): Item[] {
  const drawn = new Random(`share ${name}`).shuffle([...instants.keys()]);
  const chosen = new Set(drawn.slice(0, Math.ceil(instants.length * share)));
  return instants.filter((_, index) => chosen.has(index));
}

/** Prints how to repeat the test when it fails. */
export function printSeedOnFailure(): void {
  onTestFailed(() => console.error(`repeat with ZARPE_TEST_SEED=${SEED}`));
}
