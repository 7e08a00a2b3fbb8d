import ms from 'ms';

const DURATION = /^\d+(?:ms|s|m|h)$/;

/** Milliseconds of `500ms`, `30s`, `2m` or `1h`; undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  return DURATION.test(text) ? ms(text as ms.StringValue) : undefined;
}

/** A duration for people: `87ms`, `1.2s`, `2m`. */
export function formatDuration(milliseconds: number): string {
  const rounded = Math.round(milliseconds);
  if (rounded < 1000) return `${rounded}ms`;
  if (rounded < 60_000) return `${Number((rounded / 1000).toFixed(1))}s`;
  return ms(rounded);
}
