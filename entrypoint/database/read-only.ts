import { BootError } from '../core/errors.ts';
import { type ConnectionSettings, describeTarget } from '../postgres/connection-settings.ts';

/** @param work what has to be written, as a clause: `3 migrations are pending` */
export function readOnly(connection: ConnectionSettings, work: string): BootError {
  const { url, direct } = connection.source;
  return new BootError('DATABASE_READ_ONLY', {
    message: `The database at ${describeTarget(connection)} is read-only, and ${work}`,
    hint:
      url === direct
        ? `It may be a standby: set ${direct} to the primary.`
        : `It may be a standby: connect to the primary in ${url}, or set ${direct} to it.`,
  });
}
