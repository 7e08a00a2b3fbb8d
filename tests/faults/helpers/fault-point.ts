/**
 * Stands in the place of `entrypoint/core/fault-point.ts` in the bundle of the fault tests. `ZARPE_FAULT` says what
 * happens where:
 *
 *     trace                 a line on standard output for each point that is passed
 *     kill:script:sent:2    the process ends itself with SIGKILL the second time it gets there
 *     hold:script:sent:2    a line, then it stands still until a byte arrives on standard input
 *
 * A line reads `{"fault":"script:sent","hit":2,"pass":17}`: the second time here, the seventeenth point in all.
 */
import { readSync, writeSync } from 'node:fs';
import type { FaultPoint } from '../../../entrypoint/core/fault-point.ts';

const [action = '', ...rest] = (process.env.ZARPE_FAULT ?? '').split(':');
const wantedHit = Number(rest.pop());
const wantedPoint = rest.join(':');
const hits = new Map<FaultPoint, number>();
let passed = 0;

export function faultPoint(point: FaultPoint): void {
  const hit = (hits.get(point) ?? 0) + 1;
  hits.set(point, hit);
  passed += 1;
  const isHere = point === wantedPoint && hit === wantedHit;
  if (action === 'trace' || isHere) say(point, hit);
  if (isHere && action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (isHere && action === 'hold') readSync(0, Buffer.alloc(1));
}

function say(point: FaultPoint, hit: number): void {
  writeSync(1, `${JSON.stringify({ fault: point, hit, pass: passed })}\n`);
}
