import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import type { Secrets } from '../lib/secrets.ts';
import { shorten } from '../lib/shorten.ts';

/** Two attempts delay the exit by less than 3 s. */
const ATTEMPT_TIMEOUT_MS = 1400;
const ATTEMPTS = 2;

export interface Alert {
  readonly event: 'boot-failed' | 'server-died';
  readonly code: string;
  readonly exitStatus: number;
  readonly step: string;
  readonly summary: string;
}

export interface AlertOptions {
  readonly webhook: string;
  readonly revision: string | undefined;
  readonly secrets: Secrets;
  readonly log: Logger;
}

/**
 * Posts an alert to a webhook: `text` is what chat services such as Slack show, `zarpe` has the fields. Never throws,
 * and never delays the exit for long.
 */
export async function sendAlert(alert: Alert, options: AlertOptions): Promise<void> {
  const { webhook, revision, secrets, log } = options;
  const host = hostname();
  const what =
    alert.event === 'boot-failed' ? `boot failed at step ${alert.step}` : 'the server exited unexpectedly';
  const text = shorten(
    secrets.redact(`${host}: ${what} (${alert.code}, exit ${alert.exitStatus})\n${alert.summary}`),
  );
  const body = JSON.stringify({
    text: withoutMarkup(text),
    zarpe: { ...alert, summary: shorten(secrets.redact(alert.summary)), host, revision: revision ?? null },
  });
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      const response = await fetch(webhook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // Never sends the alert to another address than the configured one.
        redirect: 'manual',
        signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS),
      });
      if (response.ok) return;
      log.warn(
        { event: 'alert' },
        `the alert webhook responded with status ${response.status} (attempt ${attempt} of ${ATTEMPTS})`,
      );
    } catch (error) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      log.warn(
        { event: 'alert', error: { code: codeOf(cause) } },
        `could not reach the alert webhook: ${messageOf(cause)} (attempt ${attempt} of ${ATTEMPTS})`,
      );
    }
  }
}

/**
 * Slack interprets `<!channel>` and `<https://example.com|a link>` anywhere in a text; Mattermost and Discord `@channel` and
 * `[a link](https://example.com)`, unless a character without width is in between.
 * @see https://docs.slack.dev/messaging/formatting-message-text/#escaping
 */
function withoutMarkup(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/@(?=\w)|\](?=[([:])/g, '$&\u200b');
}
