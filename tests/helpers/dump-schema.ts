/**
 * `dumpSchema(url) -> string`: everything a migration can leave in a database except rows, as sorted text; two
 * databases of one server version with equal dumps have the same schema. Read from the catalogs, since the
 * embedded PostgreSQL carries no pg_dump. No oid is in it, and nothing that belongs to an extension or to the system.
 * Also in it, where pg_dump -s is silent: whether an index is valid and a constraint is validated.
 */
import pg from 'pg';
import { SCHEMA_QUERIES } from './schema-queries.ts';

export async function dumpSchema(url: string, options: { exclude?: RegExp } = {}): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // With nothing on the path, the server prints every name with its schema.
    await client.query("SET search_path = ''");
    await client.query('SET quote_all_identifiers = off');
    const sections: string[] = [];
    for (const [title, sql] of Object.entries(SCHEMA_QUERIES)) {
      const { rows } = await client.query<{ line: string }>(sql);
      const lines = rows.map(({ line }) => line).filter((line) => !options.exclude?.test(line));
      // By code unit: the order must not depend on the database's collation.
      if (lines.length > 0) sections.push(`-- ${title}\n${lines.sort().join('\n')}`);
    }
    return sections.join('\n\n');
  } finally {
    await client.end();
  }
}
