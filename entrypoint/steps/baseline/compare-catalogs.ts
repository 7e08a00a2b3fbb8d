import { plainLine } from '../../lib/plain-text.ts';
import type { CatalogObject } from './read-catalog.ts';

const LONGEST_DEFINITION = 300;

/** What differs between what migrations make and what is there, a line each. What is part of a table that is missing is not named. */
export function compareCatalogs(made: readonly CatalogObject[], found: readonly CatalogObject[]): string[] {
  const makes = indexed(made);
  const has = indexed(found);
  const missing = made.filter((object) => !has.has(keyOf(object)));
  const surplus = found.filter((object) => object.schema !== null && !makes.has(keyOf(object)));
  const differing = made.flatMap((object) => {
    const there = has.get(keyOf(object));
    return there === undefined || there.definition === object.definition ? [] : [{ object, there }];
  });
  return [
    ...wholes(missing).map((object) => `not in the database: ${describe(object)}`),
    ...wholes(surplus).map((object) => `not in the migrations: ${describe(object)}`),
    ...differing.map(
      ({ object, there }) =>
        `${object.kind} ${plainLine(object.name)}: the migrations make ${show(object)}, the database has ${show(there)}`,
    ),
  ].sort();
}

function wholes(objects: readonly CatalogObject[]): readonly CatalogObject[] {
  const names = new Set(objects.filter(({ parent }) => parent === null).map(({ name }) => name));
  return objects.filter(({ parent }) => parent === null || !names.has(parent));
}

function indexed(objects: readonly CatalogObject[]): ReadonlyMap<string, CatalogObject> {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

function keyOf({ kind, name, definition }: CatalogObject): string {
  // Several operators have one name.
  return JSON.stringify([kind, name, kind === 'operator' ? definition : '']);
}

function describe({ kind, name, definition, parent }: CatalogObject): string {
  const what = `${kind} ${plainLine(name)}`;
  return parent === null || definition === '' ? what : `${what} (${shorten(definition)})`;
}

function show({ definition }: CatalogObject): string {
  return definition === '' ? 'nothing more' : `\`${shorten(definition)}\``;
}

function shorten(definition: string): string {
  const line = plainLine(definition.replaceAll(/\s+/g, ' ').trim());
  return line.length > LONGEST_DEFINITION ? `${line.slice(0, LONGEST_DEFINITION)} …` : line;
}
