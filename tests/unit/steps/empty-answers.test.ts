import { expect, test } from 'vitest';
import { Database } from '../../../entrypoint/database/database.ts';
import { Session } from '../../../entrypoint/postgres/session.ts';
import { withScratchDatabase } from '../../../entrypoint/steps/baseline/scratch-database.ts';
import { TableCounter } from '../../../entrypoint/steps/migrate/push-tables.ts';

/** A server that knows a table, and answers every other query without a row. */
const query = async (sql: string) => (sql.includes('to_regclass') ? [{}] : []);
const session = Object.create(Session.prototype, { query: { value: query } });
const database = Object.create(Database.prototype, { session: { value: session } });
const LOST = { name: 'ProtocolError', code: 'EBADMSG' };

test('a count without a row is an error of the server, not an internal one', async () => {
  const counter = new TableCounter(database, ['public'], { hold: 'ACCESS SHARE', ask: async () => [] });
  await expect(counter.count('"a"', '')).rejects.toMatchObject(LOST);
});

test('a server that does not know the current database is at fault before a scratch database is made', async () => {
  const log = Object.create(null);
  await expect(withScratchDatabase(session, log, async () => undefined)).rejects.toMatchObject(LOST);
});
