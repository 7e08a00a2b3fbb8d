import { describe, expect, test } from 'vitest';
import { createDatabase } from '../../helpers/database.ts';
import { hasPgBouncer, pgBouncerTitle, startPgBouncer } from '../../helpers/pgbouncer.ts';

describe.skipIf(!hasPgBouncer)(pgBouncerTitle, () => {
  test('in transaction mode one server session serves two clients, and a session lock is nobody’s', async () => {
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { poolMode: 'transaction', poolSize: 1 });
    const first = await database.connect(pooler.through(database.url));
    const second = await database.connect(pooler.through(database.url));
    await first.query('SELECT pg_advisory_lock(1)');
    const { rows } = await second.query('SELECT pg_try_advisory_lock(1) AS got');
    expect(rows).toEqual([{ got: true }]);
  });

  test('in session mode a lock is its session’s own', async () => {
    const database = await createDatabase();
    const pooler = await startPgBouncer(database, { poolMode: 'session' });
    const first = await database.connect(pooler.through(database.url));
    const second = await database.connect(pooler.through(database.url));
    await first.query('SELECT pg_advisory_lock(1)');
    const { rows } = await second.query('SELECT pg_try_advisory_lock(1) AS got');
    expect(rows).toEqual([{ got: false }]);
  });
});
