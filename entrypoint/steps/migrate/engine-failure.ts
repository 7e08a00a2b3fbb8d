import { BootError } from '../../core/errors.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';

/** What the engine itself refuses to do. */
export function explainEngineError(error: unknown, target: { readonly folder: MigrationsFolder }): BootError {
  const code = codeOf(error);
  const message = messageOf(error).split('\n   0:')[0]?.trim() ?? '';
  const last = target.folder.migrations.at(-1)?.name ?? 'NAME';
  if (code === 'P3005') {
    return new BootError(
      'DATABASE_NOT_EMPTY',
      {
        message: 'The schema is not empty, and it has no migration history (P3005)',
        hint: 'If this is the right database, record the migrations that it already has (a baseline), then restart. Name the last of them; it is proved first that they make this schema:',
        details: [`node entrypoint.js baseline ${last}`],
      },
      error,
    );
  }
  const denied = /permission denied|must be owner/.test(message);
  return new BootError(
    denied ? 'DATABASE_ACCESS_REFUSED' : 'MIGRATION_HISTORY',
    {
      message: `Prisma's schema engine ${denied ? 'was denied access' : 'cannot continue from this history'}: ${code === 'none' ? message : `${code}: ${message}`}`,
      hint: denied
        ? 'Grant the role CREATE on the schema.'
        : 'Compare the history with the folder: `node entrypoint.js status`.',
    },
    error,
  );
}
