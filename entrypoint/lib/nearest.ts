import { closest, distance } from 'fastest-levenshtein';

/** The known name a misspelt or shortened one was most likely meant to be; undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(name, known);
  if (distance(name, best) <= Math.max(2, Math.floor(name.length / 3))) return best;
  const likest = closest(
    name,
    known.filter((other) => beginsAlike(bare(name), bare(other))),
  );
  return likest === '' ? undefined : likest;
}

/** `health` and `healthcheck`, `migrations` and `migrate`. */
function beginsAlike(name: string, other: string): boolean {
  const half = Math.max(3, Math.ceil(name.length / 2));
  return name.length >= half && other.startsWith(name.slice(0, half));
}

function bare(name: string): string {
  return name.replace(/^(?:ENTRYPOINT_|--?)/, '');
}
