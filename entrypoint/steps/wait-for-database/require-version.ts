import { BootError } from '../../core/errors.ts';
import type { ServerFacts } from '../../database/survey-answer.ts';
import { type ConnectionSettings, describeTarget } from '../../postgres/connection-settings.ts';

/** Refuses a server that is older than the app works with. */
export function requireVersion(
  { version, versionNum }: ServerFacts,
  minVersion: number | undefined,
  connection: ConnectionSettings,
): void {
  if (minVersion === undefined || versionNum >= minVersion * 10_000) return;
  throw new BootError('DATABASE_TOO_OLD', {
    message: `${describeTarget(connection)} runs PostgreSQL ${version}, and the app needs ${minVersion} or later (ENTRYPOINT_DATABASE_MIN_VERSION)`,
    hint: 'Upgrade the server, or connect to another one.',
  });
}
