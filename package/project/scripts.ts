import type { Manifest } from './read.ts';

type Scripts = Manifest['scripts'];

/** How one script runs others: `npm run x`, `pnpm x`, `yarn x`, `bun run x`, `run-s x y`, `concurrently "npm:x"`. */
const RUNS =
  /\b(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+)?(?:--?[\w-]+\s+)*([\w:.-]+)|\b(?:npm-run-all|run-s|run-p)((?:\s+[\w:*.-]+)+)|\bnpm:([\w:.-]+)/g;

/** A script and those that it runs, by name, with what comes before and after each; scripts that run each other end once. */
export function scriptsReached(scripts: Scripts, name: string): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const matching = (pattern: string) =>
    pattern.includes('*')
      ? Object.keys(scripts ?? {}).filter((one) => one.startsWith(pattern.replace(/\*.*/, '')))
      : [pattern];
  const visit = (one: string) => {
    const text = scripts?.[one];
    if (text === undefined || reached.has(one)) return;
    reached.set(one, text);
    for (const next of [`pre${one}`, ...scriptsRun(text).flatMap(matching), `post${one}`]) visit(next);
  };
  visit(`pre${name}`);
  visit(name);
  visit(`post${name}`);
  return reached;
}

function scriptsRun(text: string): string[] {
  return [...text.matchAll(RUNS)].flatMap(([, one, several, prefixed]) => [
    ...(one === undefined ? [] : [one]),
    ...(several ?? '').split(/\s+/).filter((word) => word !== ''),
    ...(prefixed === undefined ? [] : [prefixed]),
  ]);
}
