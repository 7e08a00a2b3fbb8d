import { join, relative } from 'node:path';
import { BootError } from '../../core/errors.ts';
import { count } from '../../lib/count.ts';
import { lineOfStatement } from '../../migrations/apply/script-location.ts';
import {
  MIGRATION_FILE,
  type Migration,
  type MigrationsFolder,
  readScript,
} from '../../migrations/migrations-folder.ts';
import { findServerWide } from '../../migrations/script/server-wide.ts';

const MOST = 50;

/** A scratch database keeps nothing of such statements to itself: they would run once more, on the server that is in use. */
export function refuseServerWide(
  migrations: readonly Migration[],
  { dir }: MigrationsFolder,
  appDir: string,
): void {
  const found = migrations.flatMap((migration) => {
    const script = readScript(migration);
    const file = relative(appDir, join(dir, migration.name, MIGRATION_FILE));
    return findServerWide(script).map(({ at, what }) => `${file}:${lineOfStatement(script, at)} ${what}`);
  });
  if (found.length === 0) return;
  const more = found.length - MOST;
  throw new BootError('BASELINE_REFUSED', {
    message: `The migrations act on more than their own database, in ${count(found.length, 'statement')}: baseline cannot apply them to a scratch database without doing that again`,
    hint: 'Nothing was run or recorded. Record these migrations without the proof: `node entrypoint.js resolve --applied NAME`, one at a time, oldest first.',
    details: [...found.slice(0, MOST), ...(more > 0 ? [`and ${more} more`] : [])],
  });
}
