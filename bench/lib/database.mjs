import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import pg from 'pg';
import { ROOT } from '../../scripts/build/paths.mjs';
import { startPostgres } from '../../scripts/embedded-postgres.mjs';

/**
 * @typedef {object} Databases
 * @property {import('../../scripts/embedded-postgres.mjs').Postgres} server
 * @property {(name: string) => string} url of a database
 * @property {(name: string) => Promise<void>} create an empty one, in the place of one of that name
 * @property {(name: string) => Promise<void>} drop
 * @property {() => Promise<void>} stop
 */

/**
 * @param {string} folder
 * @returns {Promise<Databases>}
 */
export async function startDatabases(folder) {
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), user: 'bench', password: 'bench' });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const drop = async (/** @type {string} */ name) => {
    await client.query(`drop database if exists "${name}" with (force)`);
  };
  return {
    server,
    url: (name) => server.url.replace(/postgres$/, name),
    create: async (name) => {
      await drop(name);
      await client.query(`create database "${name}"`);
    },
    drop,
    stop: async () => {
      await client.end();
      await server.stop('immediate');
    },
  };
}

/**
 * Debian's own `psql` is a Perl script around this one, which would slow it down.
 * @returns {string | undefined}
 */
function findPsql() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const elsewhere = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'psql'));
  const found = [...versions.map((version) => join(debian, version, 'bin/psql')), ...elsewhere];
  return found.find((path) => existsSync(path));
}

/**
 * The program that is given the scripts to run, psql where there is one.
 * @param {string} node
 * @param {readonly string[]} files
 * @param {Databases} databases
 * @param {string} name of the database
 */
export function scriptRunner(node, files, { server }, name) {
  const url = new URL(server.url);
  const env = {
    PATH: process.env.PATH ?? '',
    PGHOST: server.host,
    PGPORT: String(server.port),
    PGUSER: url.username,
    PGPASSWORD: url.password,
    PGDATABASE: name,
  };
  const psql = findPsql();
  const [file, args] =
    psql === undefined
      ? [node, [join(ROOT, 'bench/programs/send-scripts.mjs'), ...files]]
      : [psql, ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', ...files.map((path) => `--file=${path}`)]];
  return { isPsql: psql !== undefined, command: { file, args, cwd: ROOT, env } };
}
