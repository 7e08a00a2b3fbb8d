import { BootError } from '../../core/errors.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';

/** What the engine itself refuses to do. */
export function explainEngineError(error: unknown, target: { readonly folder: MigrationsFolder }): BootError {
  const code = codeOf(error);
  const message = messageOf(error).split('\n   0:')[0]?.trim() ?? '';
  const first = target.folder.migrations[0]?.name ?? 'NAME';
  if (code === 'P3005') {
    return new BootError(
      'DATABASE_NOT_EMPTY',
      {
        what: 'the database',
        expected: 'an empty schema, or one with _prisma_migrations',
        got: 'tables that no migration made (P3005)',
        hint: 'Tell which migrations are in it already (a baseline), then start again:',
        details: [`node entrypoint.js resolve --applied ${first}`],
      },
      error,
    );
  }
  const denied = /permission denied|must be owner/.test(message);
  return new BootError(
    denied ? 'DATABASE_ACCESS_REFUSED' : 'MIGRATION_HISTORY',
    {
      what: "Prisma's schema engine",
      expected: denied ? 'a role that may create tables' : 'a history that it can go on with',
      got: code === 'none' ? message : `${code}: ${message}`,
      hint: denied ? 'Grant the role CREATE on the schema.' : 'See what it says; `status` shows the history.',
    },
    error,
  );
}
