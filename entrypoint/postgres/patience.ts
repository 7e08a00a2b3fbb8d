import { formatDuration } from '../lib/duration.ts';

/** How long to wait for an answer, in milliseconds: in all, and after the signal. */
export interface Patience {
  readonly limitMs: number;
  readonly graceMs: number;
}

/** Calls `giveUp` with the reason when the patience is over, unless the returned function is called first. */
export function limitWait(
  { limitMs, graceMs }: Patience,
  signal: AbortSignal,
  giveUp: (reason: string | Error) => void,
): () => void {
  const overdue = () => giveUp(`timed out: no answer within ${formatDuration(limitMs)}`);
  const timers = [setTimeout(overdue, limitMs)];
  const hurry = () => timers.push(setTimeout(() => giveUp(signal.reason), graceMs));
  signal.addEventListener('abort', hurry, { once: true });
  if (signal.aborted) hurry();
  return () => {
    signal.removeEventListener('abort', hurry);
    timers.forEach(clearTimeout);
  };
}
