import ms from 'ms';

const DURATION = /^\d+(?:ms|s|m|h)$/;
/** The longest delay of a timer, about 24.8 days: with a longer one it fires at once. */
export const LONGEST_MS = 2_147_483_647;

/** Milliseconds of `500ms`, `30s`, `2m` or `1h`; undefined for any other text, and past 24 days. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  const milliseconds = ms(text as ms.StringValue);
  return milliseconds > LONGEST_MS ? undefined : milliseconds;
}

/** A duration for people: `87ms`, `1.2s`, `2m`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  if (rounded < 1000) return `${rounded}ms`;
  if (rounded < 60_000) return `${Number((rounded / 1000).toFixed(1))}s`;
  return ms(rounded);
}
