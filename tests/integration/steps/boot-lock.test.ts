import { expect, test } from 'vitest';
import type { Problem } from '../../../entrypoint/lib/errors.ts';
import { runBundle, startBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

const LOCKS = { 'of our own': 0x7a_61_72_70_65, 'of Prisma’s tools': 72707369 };

test.each(Object.entries(LOCKS))(
  'the lock %s that another holds is waited for, with a line, and taken when it is free',
  async (_, key) => {
    const { dir } = await createStandalone();
    const database = await createDatabase();
    const holder = await database.connect();
    await holder.query(`SET application_name = 'the other'; SELECT pg_advisory_lock(${key})`);
    const boot = await startBundle({ dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
    const waiting = await boot.waitForLog({ step: 'lock', event: 'waiting' });
    expect(waiting.msg).toMatch(/the other/);
    // As when its process is killed.
    await database.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'the other'",
    );
    expect(await boot.exit).toMatchObject({ code: 0 });
    expect(await database.migrations()).toHaveLength(1);
  },
);

test('a lock that is held for too long ends the boot with 75, and names who holds it', async () => {
  const { dir } = await createStandalone();
  const database = await createDatabase();
  const holder = await database.connect();
  await holder.query(`SET application_name = 'the other'; SELECT pg_advisory_lock(${LOCKS['of our own']})`);
  const env = { DATABASE_URL: database.url, ENTRYPOINT_LOCK_TIMEOUT: '300ms' };
  const { code, logs } = await runBundle({ dir, args: ['migrate'], env });
  expect(code).toBe(75);
  expect(logs.at(-1)).toMatchObject({ retry: true, error: { code: 'LOCK_TIMEOUT' } });
  const [problem] = (logs.at(-1)?.error?.problems ?? []) as Problem[];
  expect(problem?.got).toContain('(the other)');
});
