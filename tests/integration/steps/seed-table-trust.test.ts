import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase, createRole } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const SWAPS = {
  'a view':
    'ALTER TABLE users RENAME TO gone; CREATE VIEW users AS SELECT 1 AS n WHERE evil(); GRANT SELECT ON users TO PUBLIC',
  'row level security':
    'CREATE POLICY evil ON users USING (evil()); ALTER TABLE users ENABLE ROW LEVEL SECURITY; ALTER TABLE users FORCE ROW LEVEL SECURITY',
};

test.each(Object.entries(SWAPS))(
  'a user table of another role that gets %s while it is waited for runs none of its functions as ours',
  async (_what, swap) => {
    const database = await createDatabase();
    const [ours, theirs] = [await createRole(), await createRole()];
    await database.query(`GRANT CREATE ON SCHEMA public TO ${ours.name}, ${theirs.name};
      CREATE TABLE reached (role text); GRANT INSERT ON reached TO PUBLIC`);
    const attacker = await database.connect(database.urlFor(theirs));
    await attacker.query(`CREATE TABLE users (n int); GRANT SELECT ON users TO PUBLIC;
      CREATE FUNCTION evil() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$ BEGIN
        INSERT INTO public.reached VALUES (current_user); RETURN true; END $$`);
    await attacker.query(`BEGIN; LOCK TABLE users; ${swap}`);
    const { dir } = await createStandalone({
      seed: 'works',
      migrations: { '0001': 'CREATE TABLE a (n int)' },
    });
    const env = { DATABASE_URL: database.urlFor(ours), ENTRYPOINT_DB_TIMEOUT: '20s' };
    const boot = await startBundle({ dir, args: ['status'], env });
    await expect
      .poll(() =>
        database.query(
          `SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted AND relation = 'public.users'::regclass`,
        ),
      )
      .toEqual([{ n: 1 }]);
    await attacker.query('COMMIT');
    expect([65, 69, 75, 77], boot.describe()).toContain((await boot.exit).code);
    const again = await runBundle({ dir, args: ['status'], env });
    expect(again.code, again.stdout).toBe(65);
    expect(await database.query('SELECT role FROM reached')).toEqual([]);
  },
);
