import type { Database } from '../../database/database.ts';
import { describeTarget } from '../../postgres/connection-settings.ts';
import { findMissingPrivileges, lacksPrivileges } from '../../steps/migrate/privileges.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

const OLDEST_SUPPORTED = 13;

/** The server's version, what stands between, and how the connection is protected. */
export function checkConnection(database: Database): Finding[] {
  const { session, state } = database;
  const { settings, encrypted } = session;
  const target = describeTarget(settings);
  const version = Math.floor(state.server.versionNum / 10_000);
  const findings: Finding[] = [
    version < OLDEST_SUPPORTED
      ? warning(
          'database',
          `PostgreSQL ${state.server.version} at ${target} is older than ${OLDEST_SUPPORTED}, the oldest that still had fixes when this was written`,
        )
      : ok('database', `PostgreSQL ${state.server.version} at ${target}`),
  ];
  if (database.isPooled) {
    findings.push(
      warning(
        'database',
        'there is a pooler in between: set DIRECT_URL to the server itself. Migrations that cannot be one transaction need it',
      ),
    );
  }
  const isLocal = /^(?:\/|localhost$|127\.|::1$)/.test(settings.host);
  const verifies = settings.tls.mode.startsWith('verify');
  if (!encrypted)
    findings.push(
      (isLocal ? ok : warning)('database', `the connection is not encrypted (sslmode=${settings.tls.mode})`),
    );
  else
    findings.push(
      (verifies || isLocal ? ok : warning)(
        'database',
        `the connection is encrypted${verifies ? ' and the server verified' : `, the server not verified (sslmode=${settings.tls.mode}; verify-full does)`}`,
      ),
    );
  return findings;
}

/** Whether the role has what migrations need. */
export async function checkPrivileges(database: Database, pending: number): Promise<Finding[]> {
  const { toRecord, toCreate } = await findMissingPrivileges(database);
  const role = `role "${database.state.server.role}"`;
  const lacks = [...toRecord, ...toCreate];
  if (lacks.length === 0) return [ok('database', `${role} has the privileges that migrations need`)];
  if (pending > 0 && toRecord.length > 0)
    return failures('database', lacksPrivileges(database, toRecord, pending));
  const consequence = pending > 0 ? 'a migration that creates anything there' : 'the next migration';
  return [warning('database', `${role} lacks ${lacks.join('; ')}: ${consequence} will fail`)];
}
