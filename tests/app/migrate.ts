/** `migrateApp(database, schema?)`: the app's own migrations as psql would run them, without the entrypoint. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { Database } from '../helpers/database.ts';

const MIGRATIONS = join(import.meta.dirname, '../../prisma/migrations');

export async function migrateApp(database: Database, schema = 'public'): Promise<void> {
  const client = await database.connect();
  const name = pg.escapeIdentifier(schema);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${name}; SET search_path TO ${name}`);
  const entries = await readdir(MIGRATIONS, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const folder of folders.sort()) {
    await client.query(await readFile(join(MIGRATIONS, folder, 'migration.sql'), 'utf8'));
  }
}
