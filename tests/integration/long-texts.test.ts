import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('a long secret is found in a container of little memory, and a short one in every encoding beside it', async () => {
  const app = await createStandalone({
    files: {
      'peak.cjs': `process.on('exit', () => require('node:fs').writeFileSync('peak', String(process.resourceUsage().maxRSS)));`,
    },
  });
  const run = async (env: Record<string, string>) => {
    const preload = `--require=${join(app.dir, 'peak.cjs')}`;
    const { code, stdout } = await runBundle({ dir: app.dir, env: { ...env, NODE_OPTIONS: preload } });
    expect(code).toBe(78);
    return { stdout, peakKb: Number(readFileSync(join(app.dir, 'peak'), 'utf8')) };
  };
  const lines = Array.from(
    { length: 600 },
    () => `${randomBytes(21).toString('base64')} '"\\&é${randomBytes(12).toString('base64')}`,
  );
  const short = 'a "short" one';
  const env = { ENTRYPOINT_SEED_FILE: `/nowhere/${encodeURIComponent(short)}/${lines[300]}/here` };
  const without = await run(env);
  const withLong = await run({ ...env, LONG_SECRET: lines.join('\n'), SHORT_SECRET: short });
  expect(without.stdout).toContain(encodeURIComponent(short));
  expect(withLong.stdout).toContain('/nowhere/[redacted]/[redacted]/here');
  expect(withLong.peakKb - without.peakKb).toBeLessThan(64 * 1024);
});
