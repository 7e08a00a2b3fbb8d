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

/** How many there are and what that means, and each of them below. */
export function section(items: readonly string[], meaning: string, isListed: boolean): string {
  const lines = isListed ? items.flatMap((item) => plainLines(item).map((line) => `\n         ${line}`)) : [];
  return `${String(items.length).padStart(5)}  ${meaning}${lines.join('')}`;
}
