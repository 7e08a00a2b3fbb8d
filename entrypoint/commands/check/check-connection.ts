import type { Config } from '../../config.ts';
import type { Context } from '../../core/context.ts';
import type { Database } from '../../database/database.ts';
import { withConnection } from '../../postgres/connect.ts';
import { toConnectionError } from '../../postgres/connection-error.ts';
import { describeTarget } from '../../postgres/connection-settings.ts';
import { findMissingPrivileges, lacksPrivileges } from '../../steps/migrate/privileges.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** Versions before this one have reached their end of life. */
const OLDEST_SUPPORTED = 13;

/** The version of PostgreSQL, poolers, and TLS. */
export function checkConnection(database: Database): Finding[] {
  const { session, state } = database;
  const { settings, encrypted } = session;
  const target = describeTarget(settings);
  const version = Math.floor(state.server.versionNum / 10_000);
  const findings: Finding[] = [
    version < OLDEST_SUPPORTED
      ? warning(
          'database',
          `PostgreSQL ${state.server.version} at ${target} has reached its end of life; upgrade it`,
        )
      : ok('database', `PostgreSQL ${state.server.version} at ${target}`),
  ];
  if (database.isPooled) {
    findings.push(
      warning(
        'database',
        `the connection goes through a pooler; set ${settings.source.direct} to a direct connection, which migrations need if they cannot run in one transaction`,
      ),
    );
  }
  const isLocal = /^(?:\/|localhost$|127\.|::1$)/.test(settings.host);
  const found = isLocal ? ok : warning;
  const sslmode = `sslmode=${settings.tls.mode}`;
  const verifies = settings.tls.mode.startsWith('verify');
  if (encrypted && verifies) {
    findings.push(ok('database', `the connection is encrypted and the server is verified (${sslmode})`));
  } else if (encrypted) {
    const advice = isLocal ? '' : '; use sslmode=verify-full';
    findings.push(
      found('database', `the connection is encrypted, the server is not verified (${sslmode})${advice}`),
    );
  } else {
    findings.push(found('database', `the connection is not encrypted (${sslmode})`));
  }
  return findings;
}

/** Whether the role has the privileges that migrations need. */
export async function checkPrivileges(database: Database, pending: number): Promise<Finding[]> {
  const { toRecord, toCreate } = await findMissingPrivileges(database);
  const role = `role "${database.state.server.role}"`;
  const lacks = [...toRecord, ...toCreate];
  if (lacks.length === 0) return [ok('database', `${role} has the privileges that migrations need`)];
  if (pending > 0 && toRecord.length > 0)
    return failures('database', lacksPrivileges(database, toRecord, pending));
  const consequence = pending > 0 ? 'a migration that creates objects there' : 'the next migration';
  return [warning('database', `${role} lacks ${lacks.join('; ')}; ${consequence} will fail`)];
}

/** Whether the server can connect, if there is a direct connection beside its own. */
export async function checkServerConnection(config: Config, { shutdown }: Context): Promise<Finding[]> {
  const { serverConnection } = config.database;
  if (serverConnection === undefined) return [];
  try {
    await withConnection(serverConnection, { signal: shutdown.signal }, async (session) =>
      session.query('select 1'),
    );
    return [
      ok(
        'database',
        `the connection of the server (${serverConnection.source.url}, ${describeTarget(serverConnection)}) works`,
      ),
    ];
  } catch (error) {
    shutdown.signal.throwIfAborted();
    const { message } = toConnectionError(error, serverConnection);
    return [warning('database', `the server could not connect: ${message}`)];
  }
}
