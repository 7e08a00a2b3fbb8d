import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import { count } from '../../lib/count.ts';
import type { MigrationsFolder } from '../../migrations/migrations-folder.ts';

const MOST_DIFFERENCES = 50;

export function unknownName(name: string, { dir, migrations }: MigrationsFolder): BootError {
  return new BootError('BASELINE_REFUSED', {
    message: `There is no migration ${name} in ${dir}`,
    hint: 'Name the last migration that the database already has:',
    details: migrations.slice(-10).map((migration) => migration.name),
  });
}

export function pooled({ session: { settings } }: Database): BootError {
  return new BootError('POOLER_UNSUITABLE', {
    message: `${settings.source.url} leads to a pooler at ${settings.host}:${settings.port}, which does not lead to the scratch database that baseline creates`,
    hint: `Set ${settings.source.direct} to a direct connection to the server.`,
  });
}

export function hasHistory(records: number): BootError {
  return new BootError('BASELINE_REFUSED', {
    message: `The database has a migration history already: ${count(records, 'record')} in _prisma_migrations`,
    hint: 'A baseline is for a database without one. `node entrypoint.js status` compares the history with the folder; `resolve` records a single migration.',
  });
}

export function moved(compared: string | null, schema: string | null): BootError {
  const [before, now] = [compared, schema].map((name) => (name === null ? 'no schema' : `schema "${name}"`));
  return new BootError('BASELINE_REFUSED', {
    message: `The search path of the role led to ${before} before the comparison, and leads to ${now} after it`,
    hint: 'Nothing was recorded. Name the schema that is meant in the connection string (?schema=public), then run baseline again.',
  });
}

export function inapplicable(error: BootError): BootError {
  return new BootError(
    'BASELINE_REFUSED',
    {
      message:
        'The migrations could not be applied to an empty database, so that nothing is known of what they make',
      hint: 'Nothing was recorded. What failed there, in the scratch database, which is dropped:',
      details: [error.message, ...error.problems.flatMap(({ details }) => details ?? [])].flatMap((text) =>
        text.split('\n'),
      ),
    },
    error,
  );
}

export function different(differences: readonly string[], name: string): BootError {
  const more = differences.length - MOST_DIFFERENCES;
  return new BootError('BASELINE_REFUSED', {
    message: `The migrations up to ${name} do not make the schema that is there: ${count(differences.length, 'difference')}`,
    hint: 'Nothing was recorded. Name another migration, or change the database or the migrations until both are the same, then run baseline again.',
    details: [...differences.slice(0, MOST_DIFFERENCES), ...(more > 0 ? [`and ${more} more`] : [])],
  });
}
