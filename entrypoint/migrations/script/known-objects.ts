import type { Statement } from './statements.ts';
import { effectOf, type ObjectName } from './touched-objects.ts';

/** Whether an object is in the database and has rows; what is no table has neither. */
export type Presence = 'filled' | 'empty' | 'unknown' | 'absent';

/** Statements that may create and rename what only running them would show. */
const OPAQUE = /^(?:DO|CALL|EXECUTE|CREATE EXTENSION|SET SEARCH_PATH)\b/;

/** The objects of a database as pending statements find them, one after another. */
export class KnownObjects {
  readonly #find: (name: ObjectName) => Presence;
  readonly #changed = new Map<string, Presence>();
  #isOpaque = false;

  /** @param find tells how an object is before the first statement; without it, nothing is known */
  constructor(find: (name: ObjectName) => Presence = () => 'unknown') {
    this.#find = find;
  }

  presenceOf(object: ObjectName): Presence {
    const presence = this.#changed.get(keyOf(object)) ?? this.#find(object);
    return presence === 'absent' && this.#isOpaque && !this.#changed.has(keyOf(object))
      ? 'unknown'
      : presence;
  }

  /** Takes note of what a statement creates, drops and renames. */
  pass(statement: Statement): void {
    this.#isOpaque ||= OPAQUE.test(statement.skeleton);
    const effect = effectOf(statement);
    for (const object of effect?.objects ?? []) {
      const presence = this.presenceOf(object);
      const isKept = effect?.kind === 'creates if missing' && (presence === 'filled' || presence === 'empty');
      if (effect?.to !== undefined) this.#changed.set(keyOf(effect.to), presence);
      if (effect?.kind !== 'changes' && !isKept) this.#changed.set(keyOf(object), 'absent');
    }
  }
}

function keyOf({ schema, name }: ObjectName): string {
  return JSON.stringify([schema, name]);
}
