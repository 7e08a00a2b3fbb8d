import { randomBytes } from 'node:crypto';
import { BootError } from '../../core/errors.ts';
import { faultPoint } from '../../core/fault-point.ts';
import type { StepLog } from '../../core/step-log.ts';
import { codeOf, messageOf } from '../../lib/describe-error.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import { ProtocolError } from '../../postgres/protocol-error.ts';
import { quoteIdentifier, quoteLiteral, type Session } from '../../postgres/session.ts';
import { dropScratchDatabase, findScratchDatabases, SCRATCH_PREFIX } from './find-scratch-databases.ts';

const INSUFFICIENT_PRIVILEGE = '42501';

/** Drops what interrupted calls left for this database. Call it under the boot lock. */
export async function dropLeftDatabases(session: Session, log: StepLog): Promise<void> {
  for (const name of await findScratchDatabases(session))
    if (await drop(session, name, log))
      log.info('scratch', `dropped the scratch database ${name}, which an interrupted command left`);
}

/** Creates an empty database on the same server, runs `work` with its name, and always drops it. */
export async function withScratchDatabase<Result>(
  session: Session,
  log: StepLog,
  work: (name: string) => Promise<Result>,
): Promise<Result> {
  const name = await create(session);
  try {
    faultPoint('baseline:created');
    await reserve(session, name);
    log.info('scratch', `created the scratch database ${name}`);
    return await work(name);
  } finally {
    if (!session.lost.aborted) await drop(session, name, log).catch(() => undefined);
  }
}

/** From template0, which holds nothing but what PostgreSQL brings; encoded and sorted like the database that it stands for. */
async function create(session: Session): Promise<string> {
  const [like] = await session.query<{ id: string; encoding: string; collate: string; ctype: string }>(`
    select oid::text as id, pg_catalog.pg_encoding_to_char(encoding)::text as encoding, datcollate::text as collate, datctype::text as ctype
    from pg_catalog.pg_database where datname = pg_catalog.current_database()`);
  if (like === undefined) throw new ProtocolError('no row of the current database');
  const name = `${SCRATCH_PREFIX}${like.id}_${randomBytes(8).toString('hex')}`;
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
    return name;
  } catch (error) {
    throw codeOf(error) === INSUFFICIENT_PRIVILEGE ? mayNotCreate(session, error) : error;
  }
}

/** Lets the owner connect, and no other role: it could put functions there that the migrations would call. */
async function reserve(session: Session, name: string): Promise<void> {
  await session.send(`REVOKE ALL ON DATABASE ${quoteIdentifier(name)} FROM PUBLIC`);
  await session.send(`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS true`);
}

function mayNotCreate({ settings: { user } }: Session, error: unknown): BootError {
  return new BootError(
    'DATABASE_ACCESS_REFUSED',
    {
      message: `Role "${user}" may not create the scratch database in which baseline applies the migrations: ${messageOf(error)}`,
      hint: `Let it (ALTER ROLE ${quoteIdentifier(user)} CREATEDB) until the baseline is recorded, or run baseline with a connection string of a role that may. To record migrations without the proof: \`resolve --applied NAME\`, one at a time, oldest first.`,
    },
    error,
  );
}

/** A session there that is not ours to end, or a prepared transaction, stops neither this command nor the next one. */
async function drop(session: Session, name: string, log: StepLog): Promise<boolean> {
  try {
    await session.send(dropScratchDatabase(name));
    return true;
  } catch (error) {
    if (isConnectionLoss(error)) throw error;
    log.warn(
      'scratch',
      `the scratch database ${name} could not be dropped: ${messageOf(error)}; the next baseline tries again, and \`${dropScratchDatabase(name)}\` drops it`,
    );
    return false;
  }
}
