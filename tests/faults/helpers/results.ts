/**
 * What the fault tests tried and how it ended, for the table in `docs/reliability.md`.
 *
 *     report('kill storm', 'process killed (SIGKILL) at any instant', { tried: 20, manual: 0 });
 */
import { appendFileSync } from 'node:fs';
import { inject } from 'vitest';
import '../global-setup.ts';

export interface Result {
  group: string;
  fault: string;
  tried: number;
  /** Of those, how many took a person; the others recovered by themselves. */
  manual: number;
}

export function report(group: string, fault: string, counts: { tried: number; manual: number }): void {
  const result: Result = { group, fault, ...counts };
  appendFileSync(inject('faultResults'), `${JSON.stringify(result)}\n`);
}
