import type { Database } from '../../database/database.ts';
import { type FoundObject, findObjects } from '../../database/find-objects.ts';
import { type Migration, readScript } from '../../migrations/migrations-folder.ts';
import { KnownObjects, type Presence } from '../../migrations/script/known-objects.ts';
import { findInScript, type ScriptFinding } from '../../migrations/script/script-findings.ts';
import { effectOf, type ObjectName } from '../../migrations/script/touched-objects.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';

/** A pending migration, and the statements in it to review. */
export interface PendingReport {
  readonly name: string;
  /** The name of a further database. */
  readonly database?: string;
  readonly findings: readonly ScriptFinding[];
}

/**
 * Reads pending migrations in their order, as far as they meet what is in the database.
 * @param database undefined for one that does not exist yet
 */
export async function reviewPending(
  database: Database | undefined,
  migrations: readonly Migration[],
): Promise<PendingReport[]> {
  const scripts = migrations.map((migration) => ({ name: migration.name, script: readScript(migration) }));
  const touched = scripts.flatMap(({ script }) =>
    script.statements.flatMap((statement) => effectOf(statement)?.objects ?? []),
  );
  const known = new KnownObjects(database === undefined ? () => 'absent' : await lookUp(database, touched));
  return scripts.map(({ name, script }) => ({ name, findings: findInScript(script, known) }));
}

/** A name without a schema may mean an object of any, for the search path is the script's to choose. */
async function lookUp(
  { session }: Database,
  touched: readonly ObjectName[],
): Promise<(name: ObjectName) => Presence> {
  try {
    const found = await findObjects(session, [...new Set(touched.map(({ name }) => name))]);
    return ({ schema, name }) => {
      const same = found.filter((object) => object.name === name && isIn(object, schema)).map(presenceOf);
      return same.find((presence) => presence !== 'empty') ?? same[0] ?? 'absent';
    };
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    return () => 'unknown';
  }
}

function isIn(object: FoundObject, schema: string | undefined): boolean {
  return schema === undefined || object.schema === schema;
}

function presenceOf({ filled }: FoundObject): Presence {
  if (filled === null) return 'unknown';
  return filled ? 'filled' : 'empty';
}
