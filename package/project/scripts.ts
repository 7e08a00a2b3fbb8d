import type { Manifest } from './read.ts';

type Scripts = Manifest['scripts'];

/** How one script runs others: `npm run x`, `pnpm x`, `yarn x`, `bun run x`, `run-s x y`, `concurrently "npm:x"`. */
const RUNS =
  /\b(?:npm|pnpm|yarn|bun)\s+(?:run(?:-script)?\s+)?(?:--?[\w-]+\s+)*([\w:.-]+)|\b(?:npm-run-all|run-s|run-p)((?:\s+[\w:*.-]+)+)|\bnpm:([\w:.-]+)/g;

/** A script and those that it runs, by name, with what comes before and after each; scripts that run each other end once. */
export function scriptsReached(scripts: Scripts, name: string): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  visit(scripts, name, reached);
  return reached;
}

/** A command, and the texts of the scripts that it runs. */
export function textsReached(scripts: Scripts, command: string): string[] {
  const reached = new Map<string, string>();
  for (const name of scriptsRun(scripts, command)) visit(scripts, name, reached);
  return [command, ...reached.values()];
}

function visit(scripts: Scripts, name: string, reached: Map<string, string>): void {
  for (const one of [`pre${name}`, name, `post${name}`]) {
    const text = scripts?.[one];
    if (text === undefined || reached.has(one)) continue;
    reached.set(one, text);
    for (const next of scriptsRun(scripts, text)) visit(scripts, next, reached);
  }
}

function scriptsRun(scripts: Scripts, text: string): string[] {
  const names = [...text.matchAll(RUNS)].flatMap(([, one, several, prefixed]) => [
    ...(one === undefined ? [] : [one]),
    ...(several ?? '').split(/\s+/).filter((word) => word !== ''),
    ...(prefixed === undefined ? [] : [prefixed]),
  ]);
  return names.flatMap((name) =>
    name.includes('*')
      ? Object.keys(scripts ?? {}).filter((one) => one.startsWith(name.replace(/\*.*/, '')))
      : [name],
  );
}
