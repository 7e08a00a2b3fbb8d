import { randomInt } from 'node:crypto';

/**
 * Runs each contender once a round, in an order drawn anew for each, so that what else the machine does meets all
 * alike. The first round warms the caches and does not count.
 * @param {Readonly<Record<string, () => Promise<number>>>} contenders
 * @param {number} rounds
 * @returns {Promise<Record<string, number[]>>} what each one measured, by round
 */
export async function alternate(contenders, rounds) {
  /** @type {Record<string, number[]>} */
  const measured = {};
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, measure] of shuffle(Object.entries(contenders))) {
      const value = await measure();
      if (round > 0) measured[name] = [...(measured[name] ?? []), value];
    }
  }
  return measured;
}

/**
 * @template Item
 * @param {readonly Item[]} items
 * @returns {Item[]}
 */
function shuffle(items) {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}
