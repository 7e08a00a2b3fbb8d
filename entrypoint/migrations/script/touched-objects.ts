import type { Statement } from './statements.ts';

/** The name of a table, type or other object, as the server stores it. */
export interface ObjectName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** What a statement does to the objects that it names. */
export interface Effect {
  readonly kind: 'creates' | 'creates if missing' | 'drops' | 'renames' | 'changes';
  readonly objects: readonly ObjectName[];
  /** What a renamed object is called then. */
  readonly to?: ObjectName;
}

const IDENTIFIER = /"(?:[^"]|"")*"|[^\s(",]+/.source;
const NAME = `(?:${IDENTIFIER})(?: \\. (?:${IDENTIFIER}))?`;
const LIST = `(?<names>${NAME}(?:[ *]*(?:\\( [^()]* \\))? , ${NAME})*)`;
const KIND = '(?:TABLE|SCHEMA|VIEW|MATERIALIZED VIEW|TYPE|FUNCTION|SEQUENCE)';
const ALTER = `^ALTER (?:TABLE|TYPE) (?:IF EXISTS )?(?:ONLY )?(?<names>${NAME})(?: \\*)?`;

const EFFECTS: readonly (readonly [Effect['kind'], RegExp])[] = [
  ['creates if missing', new RegExp(`^CREATE (?:UNLOGGED )?TABLE IF NOT EXISTS (?<names>${NAME})`)],
  ['creates', new RegExp(`^CREATE (?:UNLOGGED )?TABLE (?<names>${NAME})`)],
  ['drops', new RegExp(`^DROP ${KIND} (?:IF EXISTS )?${LIST}`)],
  ['renames', new RegExp(`${ALTER} RENAME TO (?<to>${IDENTIFIER})`)],
  ['renames', new RegExp(`${ALTER} SET SCHEMA (?<place>${IDENTIFIER})`)],
  ['changes', new RegExp(`${ALTER} `)],
  ['changes', new RegExp(`^CREATE (?:UNIQUE )?INDEX .*?\\bON (?:ONLY )?(?<names>${NAME})`)],
  ['changes', new RegExp(`^TRUNCATE (?:TABLE )?(?:ONLY )?${LIST}`)],
  ['changes', new RegExp(`^DELETE FROM (?:ONLY )?(?<names>${NAME})`)],
];

/** What a statement does to the objects that it names, by its text; undefined for statements that need no review. */
export function effectOf({ skeleton }: Statement): Effect | undefined {
  for (const [kind, pattern] of EFFECTS) {
    const { names, to, place } = pattern.exec(skeleton)?.groups ?? {};
    if (names === undefined) continue;
    const objects = readNames(names);
    const [first] = objects;
    if (first === undefined || kind !== 'renames') return { kind, objects };
    return {
      kind,
      objects,
      to: {
        schema: place === undefined ? first.schema : stored(place),
        name: to === undefined ? first.name : stored(to),
      },
    };
  }
  return undefined;
}

/** Names that commas separate; the arguments of a function are not part of its name. */
function readNames(text: string): ObjectName[] {
  const list = text.replaceAll(/ \( [^()]* \)/g, '');
  const pattern = new RegExp(`(?:^|, )(${IDENTIFIER})(?: \\. (${IDENTIFIER}))?`, 'g');
  return [...list.matchAll(pattern)].map(([, first = '', second]) =>
    second === undefined
      ? { schema: undefined, name: stored(first) }
      : { schema: stored(first), name: stored(second) },
  );
}

/** An identifier as the server stores it. */
export function stored(identifier: string): string {
  return identifier.startsWith('"')
    ? identifier.slice(1, -1).replaceAll('""', '"')
    : identifier.toLowerCase();
}
