import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import { shorten } from '../lib/shorten.ts';

/** Two attempts of this length, so that an exit is never delayed by 3 s. */
const ATTEMPT_MS = 1400;
const ATTEMPTS = 2;

export interface Alert {
  /** `boot-failed` or `server-died`. */
  readonly event: 'boot-failed' | 'server-died';
  readonly code: string;
  readonly exitStatus: number;
  readonly step: string;
  readonly summary: string;
}

/**
 * Tells a webhook: `text` is what Slack and its kin show, `zarpe` the same for machines. Never throws, and never holds
 * up the exit for long.
 */
export async function sendAlert(
  webhook: string,
  alert: Alert,
  revision: string | undefined,
  redact: (text: string) => string,
  log: Logger,
): Promise<void> {
  const host = hostname();
  const what = alert.event === 'boot-failed' ? `boot failed at step ${alert.step}` : 'the server died';
  const text = shorten(
    redact(`${host}: ${what} (${alert.code}, exit ${alert.exitStatus})\n${alert.summary}`),
  );
  const body = JSON.stringify({
    text: withoutMarkup(text),
    zarpe: { ...alert, summary: shorten(redact(alert.summary)), host, revision: revision ?? null },
  });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const response = await fetch(webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // The payload is for the address that was given, and no other.
        redirect: 'manual',
        signal: AbortSignal.timeout(ATTEMPT_MS),
      });
      if (response.ok) return;
      log.warn(
        { event: 'alert' },
        `the alert webhook answered ${response.status} (attempt ${attempt} of ${ATTEMPTS})`,
      );
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      log.warn(
        { event: 'alert', error: { code: codeOf(cause) } },
        `the alert webhook was not reached: ${messageOf(cause)} (attempt ${attempt} of ${ATTEMPTS})`,
      );
    }
  }
}

/**
 * Slack reads `<!channel>` and `<https://example.com|a link>` in a text, quoted or not.
 * @see https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
