/**
 * Does what the message of a migration that needs a person asks that one to do.
 *
 *     if (isUnresolved(boot)) await settleByHand(victim, boot, database, (name) => sights.get(name));
 */
import { expect } from 'vitest';
import type { BundleProcess } from '../../helpers/bundle.ts';
import type { Database } from '../../helpers/database.ts';
import type { BySight } from './autocommit-kinds.ts';
import type { Victim } from './victim.ts';

/** Whether it asks a person how a migration ended. */
export function isUnresolved(boot: BundleProcess): boolean {
  return boot.logs.some(({ event, error }) => event === 'failed' && error?.code === 'MIGRATION_UNRESOLVED');
}

export async function settleByHand(
  victim: Victim,
  boot: BundleProcess,
  database: Database,
  sightOf: (migration: string) => BySight | undefined,
): Promise<void> {
  expect((await boot.exit).code, boot.describe()).toBe(65);
  const open = (await database.migrations()).filter(({ finished, rolled_back }) => !finished && !rolled_back);
  expect(open, boot.describe()).toHaveLength(1);
  const name = open[0]?.migration_name ?? '';
  const sight = sightOf(name);
  if (sight === undefined) throw new Error(`${name} was left to a person\n${boot.describe()}`);
  const failed = JSON.stringify(boot.logs.find(({ event }) => event === 'failed'));
  expect(failed).toContain(`resolve --applied ${name}`);
  expect(failed).toContain(`resolve --rolled-back ${name}`);
  for (const gid of await preparedTransactions(database)) {
    expect(failed).toContain(`COMMIT PREPARED '${gid}' or ROLLBACK PREPARED '${gid}' (pg_prepared_xacts)`);
  }
  const [seen] = await database.query<{ applied: boolean }>(sight.applied);
  if (seen?.applied !== true) {
    for (const { sql } of await database.query<{ sql: string }>(sight.undo)) await database.query(sql);
  }
  const outcome = seen?.applied === true ? '--applied' : '--rolled-back';
  const resolve = await victim.start({}, ['resolve', outcome, name]);
  expect((await resolve.exit).code, resolve.describe()).toBe(0);
}

async function preparedTransactions(database: Database): Promise<string[]> {
  const rows = await database.query<{ gid: string }>(
    'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()',
  );
  return rows.map(({ gid }) => gid);
}
