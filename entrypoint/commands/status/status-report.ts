import type { BootError } from '../../core/errors.ts';
import { plainLines } from '../../lib/plain-text.ts';

/** What the command `status` prints and ends with. */
export interface StatusReport {
  /** What `--json` prints. */
  readonly json: Readonly<Record<string, readonly string[]>>;
  readonly text: string;
  /** Why the next start would end without migrating. */
  readonly refusal: BootError | undefined;
  /** Whether the next start has nothing to do. */
  readonly isClean: boolean;
}

/** How many there are, and what that means. */
export function tally(items: readonly string[], meaning: string): string {
  return `${String(items.length).padStart(5)}  ${meaning}`;
}

/** The same, with each of them below. */
export function section(items: readonly string[], meaning: string): string {
  const lines = items.flatMap(plainLines).map((line) => `         ${line}`);
  return [tally(items, meaning), ...lines].join('\n');
}
