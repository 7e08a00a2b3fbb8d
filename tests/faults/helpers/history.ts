/**
 * Histories of migrations of every kind, each building on the ones before, as a project's would. Whatever is applied
 * twice, or half, or not at all, shows in the schema or in the rows: no script is idempotent.
 *
 *     const history = generateHistory(random, { length: 60, inSteps: 4 });
 *     createStandalone({ migrations: history.migrations })
 */
import { ATOMIC_KINDS, type BySight, IN_STEPS_KINDS, type Kind, type Model } from './migration-kinds.ts';
import type { Random } from './random.ts';

export interface History {
  /** Folder name to script, in the order they apply. */
  migrations: Record<string, string>;
  names: string[];
  /** Those that cannot be one transaction, and how a person settles them. */
  inSteps: Map<string, BySight>;
}

export interface HistoryOptions {
  length: number;
  /** How many of them cannot be one transaction. */
  inSteps?: number;
}

export function generateHistory(random: Random, { length, inSteps = 0 }: HistoryOptions): History {
  const model: Model = { tables: [], enums: [], sequence: 0 };
  const kinds = [
    ...drawKinds(random, ATOMIC_KINDS, length - inSteps),
    ...drawKinds(random, IN_STEPS_KINDS, inSteps),
  ];
  // The first three make what the others need.
  const order = [...kinds.slice(0, 3), ...random.shuffle(kinds.slice(3))];
  const history: History = { migrations: {}, names: [], inSteps: new Map() };
  const add = (kind: string, script: string) => {
    const name = `${String(20_260_101_000_000 + history.names.length)}_${kind}`;
    history.migrations[name] = script;
    history.names.push(name);
    return name;
  };
  for (const kind of order) {
    const { before, script, bySight } = kind.write(model, random);
    if (before !== undefined) add(`before_${kind.name}`, before);
    const name = add(kind.name, script);
    if (bySight !== undefined) history.inSteps.set(name, bySight);
  }
  return history;
}

/** Each kind before any comes a second time. */
function drawKinds(random: Random, kinds: readonly Kind[], count: number): Kind[] {
  const drawn = [...kinds.slice(0, 3), ...random.shuffle(kinds.slice(3))].slice(0, count);
  while (drawn.length < count) drawn.push(random.pick(kinds));
  return drawn;
}
