import type { ErrorCode } from '../core/errors.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import type { ConnectionSettings } from './connection-settings.ts';

/** PgBouncer has one code for all that it refuses, also for what passes; newer ones have PostgreSQL's for some. */
const PROTOCOL_VIOLATION = '08P01';

type Refusal = readonly [text: RegExp, code: ErrorCode, hint: (settings: ConnectionSettings) => string];

const REFUSALS: readonly Refusal[] = [
  [
    /authentication failed|^no such user\b|^password too long/,
    'DATABASE_ACCESS_REFUSED',
    ({ user, source }) =>
      `Correct the user and the password in ${source.password}, or what the pooler knows of role "${user}": auth_file or auth_query of PgBouncer.`,
  ],
  [
    /^no such database\b|\bdatabase ".*" does not exist$/,
    'DATABASE_MISSING',
    ({ source }) => `Add the database to those of the pooler, or correct its name in ${source.url}.`,
  ],
  [
    /^unsupported startup parameter\b/,
    'POOLER_UNSUITABLE',
    ({ source }) =>
      `Remove it from ${source.params}, or add it to ignore_startup_parameters of PgBouncer, which then drops it.`,
  ],
];

/** What a pooler refuses by its own configuration, so that another attempt fails too; undefined for any other failure. */
export function explainPoolerRefusal(
  error: unknown,
  settings: ConnectionSettings,
): readonly [code: ErrorCode, hint: string] | undefined {
  if (codeOf(error) !== PROTOCOL_VIOLATION) return undefined;
  const message = messageOf(error);
  const refusal = REFUSALS.find(([text]) => text.test(message));
  return refusal && [refusal[1], refusal[2](settings)];
}
