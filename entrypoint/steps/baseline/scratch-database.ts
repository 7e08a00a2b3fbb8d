import { randomBytes } from 'node:crypto';
import { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';
import { quoteIdentifier, quoteLiteral, type Session } from '../../postgres/session.ts';

const PREFIX = 'zarpe_scratch_';
const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * Creates an empty database on the same server, runs `work` with its name, and always drops it. Call it under the boot lock:
 * what an interrupted call left for this database is dropped first.
 */
export async function withScratchDatabase<Result>(
  session: Session,
  log: StepLog,
  work: (name: string) => Promise<Result>,
): Promise<Result> {
  for (const leftover of await findScratchDatabases(session)) {
    await drop(session, leftover);
    log.info('scratch', `dropped the scratch database ${leftover}, which an interrupted command left`);
  }
  const name = await create(session);
  faultPoint('baseline:created');
  log.info('scratch', `created the scratch database ${name}`);
  try {
    return await work(name);
  } finally {
    if (!session.lost.aborted) await drop(session, name).catch((error: unknown) => warn(name, error, log));
  }
}

/** Databases of ours that are left from a command for this database: their names hold its number, and we own them. */
export async function findScratchDatabases(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(`
    select s.datname::text as name from pg_catalog.pg_database as s, pg_catalog.pg_database as d
    where d.datname = pg_catalog.current_database()
      and s.datname ~ pg_catalog.concat('^${PREFIX}', d.oid, '_[0-9a-f]{16}$')
      and pg_catalog.pg_get_userbyid(s.datdba) = current_user
    order by s.datname`);
  return rows.map(({ name }) => name);
}

/** From template0, which holds nothing but what PostgreSQL brings; encoded and sorted like the database that it stands for. */
async function create(session: Session): Promise<string> {
  const [like] = await session.query<{ id: string; encoding: string; collate: string; ctype: string }>(`
    select oid::text as id, pg_catalog.pg_encoding_to_char(encoding)::text as encoding, datcollate::text as collate, datctype::text as ctype
    from pg_catalog.pg_database where datname = pg_catalog.current_database()`);
  if (like === undefined) throw new Error('the current database is not in pg_database');
  const name = `${PREFIX}${like.id}_${randomBytes(8).toString('hex')}`;
  const settings = [
    'TEMPLATE template0',
    `ENCODING ${quoteLiteral(like.encoding)}`,
    `LC_COLLATE ${quoteLiteral(like.collate)}`,
    `LC_CTYPE ${quoteLiteral(like.ctype)}`,
    // Until nobody else may connect.
    'ALLOW_CONNECTIONS false',
  ];
  try {
    await session.send(`CREATE DATABASE ${quoteIdentifier(name)} ${settings.join(' ')}`);
    // Another role could put functions there that the migrations would call.
    await session.send(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`);
    await session.send(`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`);
  } catch (error) {
    if (codeOf(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    const { user } = session.settings;
    throw new BootError(
      'DATABASE_ACCESS_REFUSED',
      {
        message: `Role "${user}" may not create the scratch database in which baseline applies the migrations: ${messageOf(error)}`,
        hint: `Let it (ALTER ROLE ${quoteIdentifier(user)} CREATEDB) until the baseline is recorded, or run baseline with a connection string of a role that may. To record migrations without the proof: \`resolve --applied NAME\`, one at a time, oldest first.`,
      },
      error,
    );
  }
  return name;
}

/** With FORCE: a killed command may have left a session that still works there. */
async function drop(session: Session, name: string): Promise<void> {
  await session.send(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)} WITH (FORCE)`);
}

function warn(name: string, error: unknown, log: StepLog): void {
  log.warn(
    'scratch',
    `the scratch database ${name} could not be dropped: ${messageOf(error)}; the next baseline drops it`,
  );
}
