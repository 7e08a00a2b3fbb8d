import { expect, test } from 'vitest';
import { startBundle } from '../helpers/bundle.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

/** A view whose rows are read by a function of its owner, with the rights of whoever reads. */
const PLANT = `CREATE FUNCTION public.reach() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
  CREATE VIEW public._prisma_migrations AS SELECT public.reach() AS id, ''::text AS checksum, now() AS finished_at,
    ''::text AS migration_name, ''::text AS logs, now() AS rolled_back_at, now() AS started_at, 1 AS applied_steps_count;
  GRANT ALL ON public._prisma_migrations TO PUBLIC`;

test.each(['engine:load', 'engine:start'])(
  'a history that another role puts there at %s, after it was looked for, is neither read nor written',
  async (point) => {
    const app = await createFaultyApp({});
    const [owner, other] = [await createRole(), await createRole()];
    const database = await createDatabase({ owner });
    await database.query(`GRANT CREATE ON SCHEMA public TO ${owner.name}, ${other.name}`);
    const env = { DATABASE_URL: database.urlFor(owner), ZARPE_FAULT: `hold:${point}:1` };
    const boot = await startBundle({ dir: app.dir, args: ['migrate'], env, stdin: 'pipe' });
    await boot.waitForLine(/"fault"/);
    const session = await database.connect(database.urlFor(other));
    await session.query(PLANT);
    await session.end();
    boot.stdin?.write('\n');
    const { code } = await boot.exit;
    expect(code, boot.stdout).toBe(65);
    expect(boot.stdout).not.toContain('trapped');
  },
);
