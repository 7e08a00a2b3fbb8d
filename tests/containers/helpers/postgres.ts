/**
 * PostgreSQL in a container, for the tests that need no compose project.
 *
 *     const postgres = await startPostgres(network);            // in beforeAll, for a file
 *     const database = await postgres.createDatabase();         // in a test
 *     env: { DATABASE_URL: database.url }
 *     await database.query('SELECT count(*) FROM users')        // rows as text, a line each, columns split by |
 */
import { randomBytes } from 'node:crypto';
import { type Container, startContainer } from './container.ts';
import { createName } from './names.ts';

export const POSTGRES_IMAGE = 'postgres:17-alpine';

export class PostgresContainer {
  readonly container: Container;
  readonly host: string;
  readonly password: string;

  constructor(container: Container, password: string) {
    this.container = container;
    this.host = container.name;
    this.password = password;
  }

  async createDatabase(): Promise<Database> {
    const name = createName('db').replaceAll('-', '_');
    await this.query('postgres', `CREATE DATABASE ${name}`);
    return new Database(this, name);
  }

  query(database: string, sql: string): Promise<string> {
    const psql = [
      'psql',
      '--no-psqlrc',
      '-U',
      'postgres',
      '-d',
      database,
      '-qAt',
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      sql,
    ];
    return this.container.exec(psql);
  }
}

export class Database {
  readonly name: string;
  readonly url: string;
  readonly #server: PostgresContainer;

  constructor(server: PostgresContainer, name: string) {
    this.#server = server;
    this.name = name;
    this.url = `postgresql://postgres:${server.password}@${server.host}:5432/${name}`;
  }

  query(sql: string): Promise<string> {
    return this.#server.query(this.name, sql);
  }

  /** The finished migrations, in the order they were applied. */
  async migrations(): Promise<string[]> {
    const sql =
      'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at, 1';
    return (await this.query(sql)).split('\n').filter((name) => name !== '');
  }
}

export interface PostgresOptions {
  /** Another name in the network. */
  alias?: string;
  password?: string;
}

export async function startPostgres(
  network: string,
  settings: Record<string, string> = {},
  { alias, password = randomBytes(12).toString('hex') }: PostgresOptions = {},
): Promise<PostgresContainer> {
  const values = Object.entries({ fsync: 'off', ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const container = await startContainer({
    image: POSTGRES_IMAGE,
    network,
    env: { POSTGRES_PASSWORD: password },
    options: [
      ...(alias === undefined ? [] : ['--network-alias', alias]),
      ...['--tmpfs', '/var/lib/postgresql/data'],
      // Over TCP: in the init phase the server listens on its socket alone.
      ...['--health-cmd', 'pg_isready -h 127.0.0.1 -U postgres'],
    ],
    command: ['postgres', ...values],
  });
  await container.waitUntilHealthy();
  return new PostgresContainer(container, password);
}
