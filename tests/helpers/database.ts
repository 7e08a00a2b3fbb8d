/**
 * Databases on a real PostgreSQL, gone when the test ends, and roles, gone when the run ends.
 *
 *     const database = await createDatabase();            // empty, owned by a superuser with a hard password
 *     await database.query('SELECT 1');                   // rows; each call has a connection of its own
 *     const client = await database.connect();            // a session that stays open; `connect(url)` as someone else
 *     await database.admin('ALTER ROLE ...');             // as superuser, in the database `postgres`
 *     const release = await database.holdBootLock();      // as another replica that migrates
 *     const role = await createRole({ createdb: true });  // a role without rights, and its password
 *     database.urlFor(role, { schema: 'app' });           // postgresql://… as that role, with parameters
 *     await database.migrations();                        // the rows of _prisma_migrations, in order
 *     await dumpSchema(database.url);                     // the whole schema as text, from `dump-schema.ts`
 *
 * `createDatabase({ server })` makes it on a server of the test's own (`postgres.ts`).
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { onCleanup } from './cleanup.ts';
import type { PostgresAddress } from './postgres-server.ts';
import './run-context.ts';
import { adoptSecret, createSecret } from './secrets.ts';

export { dumpSchema } from './dump-schema.ts';

export interface Role {
  name: string;
  password: string;
}

export interface MigrationRecord {
  migration_name: string;
  checksum: string;
  finished: boolean;
  rolled_back: boolean;
  applied_steps_count: number;
  logs: string | null;
}

export interface Database extends PostgresAddress {
  name: string;
  /** postgresql:// with the password percent-encoded, and no parameters. */
  url: string;
  urlFor(role: Role | undefined, parameters?: Record<string, string>): string;
  query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  connect(url?: string): Promise<pg.Client>;
  admin<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Takes the lock that another replica would hold while it migrates; the answer lets go of it. */
  holdBootLock(): Promise<() => Promise<unknown>>;
  /** Every record of Prisma's, oldest first; none where there is no such table. */
  migrations(schema?: string): Promise<MigrationRecord[]>;
  drop(): Promise<void>;
}

export interface DatabaseOptions {
  server?: PostgresAddress;
  /** The default is a unique one. */
  name?: string;
  owner?: Role;
  /** The name of a database to copy. */
  template?: string;
  /** False: only the name is set aside, and dropped at the end; the database is for the program to create. */
  create?: boolean;
}

export interface RoleOptions {
  server?: PostgresAddress;
  createdb?: boolean;
  superuser?: boolean;
  login?: boolean;
  connectionLimit?: number;
  /** Set for each of its sessions, such as `{ statement_timeout: '100' }`. */
  settings?: Record<string, string>;
}

const { escapeIdentifier, escapeLiteral } = pg;
const BOOT_LOCK = 0x7a_61_72_70_65;

export async function createDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const server = options.server ?? sharedServer();
  const name = options.name ?? uniqueName('test');
  const urlFor: Database['urlFor'] = (role, parameters = {}) => formatUrl(server, name, role, parameters);
  const query: Database['query'] = (sql, values) => runQuery(urlFor(undefined), sql, values);
  const admin: Database['admin'] = (sql, values) => runQuery(formatUrl(server, 'postgres'), sql, values);
  const drop = async () => {
    await admin(`DROP DATABASE IF EXISTS ${escapeIdentifier(name)} WITH (FORCE)`);
  };
  if (options.create !== false) {
    const owner = options.owner === undefined ? '' : ` OWNER ${escapeIdentifier(options.owner.name)}`;
    const template = options.template === undefined ? '' : ` TEMPLATE ${escapeIdentifier(options.template)}`;
    await admin(`CREATE DATABASE ${escapeIdentifier(name)}${owner}${template}`);
  }
  // A server of the test's own goes as a whole.
  if (options.server === undefined) onCleanup(drop);
  return {
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
    name,
    url: urlFor(undefined),
    urlFor,
    query,
    admin,
    drop,
    connect: (url = urlFor(undefined)) => openSession(url),
    holdBootLock: async () => {
      const holder = await openSession(urlFor(undefined));
      await holder.query(`SELECT pg_advisory_lock(${BOOT_LOCK})`);
      return () => holder.query(`SELECT pg_advisory_unlock(${BOOT_LOCK})`);
    },
    migrations: (schema = 'public') => readMigrations(query, schema),
  };
}

/** A role that may log in and nothing else, unless told otherwise. */
export async function createRole(options: RoleOptions = {}): Promise<Role> {
  const server = options.server ?? sharedServer();
  const role = { name: uniqueName('role'), password: createSecret("a role's password") };
  const name = escapeIdentifier(role.name);
  const admin = (sql: string) => runQuery(formatUrl(server, 'postgres'), sql);
  const attributes = [
    options.login === false ? 'NOLOGIN' : 'LOGIN',
    options.createdb ? 'CREATEDB' : '',
    options.superuser ? 'SUPERUSER' : '',
    options.connectionLimit === undefined ? '' : `CONNECTION LIMIT ${options.connectionLimit}`,
  ];
  await admin(`CREATE ROLE ${name} ${attributes.join(' ')} PASSWORD ${escapeLiteral(role.password)}`);
  for (const [setting, value] of Object.entries(options.settings ?? {})) {
    await admin(`ALTER ROLE ${name} SET ${setting} = ${escapeLiteral(value)}`);
  }
  return role;
}

/** postgresql:// for a database of a server, as its superuser or as `role`. */
export function formatUrl(
  server: PostgresAddress,
  database: string,
  role: Role | undefined = undefined,
  parameters: Record<string, string> = {},
): string {
  const user = encodeURIComponent(role?.name ?? server.user);
  const password = encodeURIComponent(role?.password ?? server.password);
  const query = new URLSearchParams(parameters).toString();
  const path = `${server.host}:${server.port}/${encodeURIComponent(database)}`;
  return `postgresql://${user}:${password}@${path}${query === '' ? '' : `?${query}`}`;
}

function sharedServer(): PostgresAddress {
  const server = inject('postgres');
  adoptSecret(server.password, 'the database password');
  return server;
}

function uniqueName(kind: string): string {
  return `${kind}_${randomBytes(6).toString('hex')}`;
}

async function runQuery<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(sql, values);
    return rows;
  } finally {
    await client.end();
  }
}

async function openSession(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A test that ends the session from outside looks at what comes of it; the client itself has nothing to add.
  client.on('error', () => undefined);
  await client.connect();
  // Not awaited: the server, or the way to it, may be gone by then.
  onCleanup(() => void client.end().catch(() => undefined));
  return client;
}

async function readMigrations(query: Database['query'], schema: string): Promise<MigrationRecord[]> {
  const table = `${escapeIdentifier(schema)}."_prisma_migrations"`;
  const [found] = await query<{ found: boolean }>('SELECT to_regclass($1) IS NOT NULL AS found', [table]);
  if (!found?.found) return [];
  return query<MigrationRecord>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished,
            rolled_back_at IS NOT NULL AS rolled_back, applied_steps_count, logs
       FROM ${table} ORDER BY started_at, migration_name`,
  );
}
