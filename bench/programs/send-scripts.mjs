// Stands in for psql where there is none: sends each file over one connection, in the order given.
import { readFile } from 'node:fs/promises';
import process from 'node:process';
import pg from 'pg';

const client = new pg.Client();
await client.connect();
for (const file of process.argv.slice(2)) await client.query(await readFile(file, 'utf8'));
await client.end();
