/**
 * Histories of migrations of every kind, each building on the ones before, as a project's would. Whatever is applied
 * twice, or half, or not at all, shows in the schema or in the rows: no script is idempotent.
 *
 *     const history = generateHistory(random, { length: 60 });
 *     const history = generateHistory(random, { length: 20, autocommit: true });   // and each of those kinds, once
 *     createStandalone({ migrations: history.migrations })
 */
import { AUTOCOMMIT_KINDS, type BySight } from './autocommit-kinds.ts';
import { ATOMIC_KINDS, type Kind, type Model } from './migration-kinds.ts';
import type { Random } from './random.ts';

/** 10 ms each where a script takes time. */
const ROWS = 8;

export interface History {
  /** Folder name to script, in the order they apply. */
  migrations: Record<string, string>;
  names: string[];
  /** Those whose work may be in the database without their record. */
  autocommit: Set<string>;
  /** Those that may need a person, and how that one settles them. */
  bySight: Map<string, BySight>;
}

export interface HistoryOptions {
  /** Of migrations that are one transaction. */
  length: number;
  autocommit?: boolean;
}

export function generateHistory(random: Random, { length, autocommit = false }: HistoryOptions): History {
  const model: Model = { tables: [], enums: [], sequence: 0 };
  const history: History = { migrations: {}, names: [], autocommit: new Set(), bySight: new Map() };
  const add = (kind: string, script: string) => {
    const name = `${String(20_260_101_000_000 + history.names.length)}_${kind}`;
    history.migrations[name] = script;
    history.names.push(name);
    return name;
  };
  const addAtomic = (kind: Kind) => () => {
    add(kind.name, kind.write(model, random).script);
  };
  const addAutocommit = AUTOCOMMIT_KINDS.filter(
    ({ isOfServer, end }) => isOfServer !== true && end === undefined,
  ).map((kind, index) => () => {
    const { before, script, bySight } = kind.write(String(index + 1), ROWS);
    add(`before_${index + 1}`, before);
    const name = add(`autocommit_${index + 1}`, script);
    history.autocommit.add(name);
    if (bySight !== undefined) history.bySight.set(name, bySight);
  });
  // The first three make what the others need.
  const atomic = drawKinds(random, ATOMIC_KINDS, length).map(addAtomic);
  const others = random.shuffle([...atomic.slice(3), ...(autocommit ? addAutocommit : [])]);
  for (const write of [...atomic.slice(0, 3), ...others]) write();
  return history;
}

/** Each kind before any comes a second time. */
function drawKinds(random: Random, kinds: readonly Kind[], count: number): Kind[] {
  const drawn = [...kinds.slice(0, 3), ...random.shuffle(kinds.slice(3))].slice(0, count);
  while (drawn.length < count) drawn.push(random.pick(kinds));
  return drawn;
}
