import { expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createStandalone, USERS_MIGRATION } from '../helpers/standalone.ts';

const MEGABYTE = 2 ** 20;

async function prepare(files: Record<string, string>) {
  const app = await createStandalone({ server: 'crashing', migrations: { '0001': USERS_MIGRATION }, files });
  const database = await createDatabase();
  return { app, env: { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' } };
}

test.each([
  [
    'a syntax error in a line of 4 MB',
    `SELECT 1, '${'x'.repeat(2 * MEGABYTE)}' FRMO b c '${'x '.repeat(MEGABYTE)}';`,
    /\^/,
  ],
  [
    'an error message of 4 MB',
    `DO $$ BEGIN RAISE EXCEPTION '%', repeat('x y ', ${MEGABYTE}); END $$;`,
    /cut at 16384 characters/,
  ],
])('%s makes a log that can be read', async (_, sql, expected) => {
  const { app, env } = await prepare({ 'prisma/migrations/0002/migration.sql': sql });
  for (const LOG_FORMAT of ['json', 'pretty']) {
    const { code, stdout } = await runBundle({ dir: app.dir, env: { ...env, LOG_FORMAT } });
    expect(code).toBe(65);
    expect(stdout).toMatch(expected);
    expect(stdout.length).toBeLessThan(256 * 1024);
  }
});
