import { chmod, symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** In the place of Prisma's: says how it was called, then prints what it is told to and ends as it is told to. */
const CLI = `#!/usr/bin/env node
console.log('called with ' + process.argv.slice(2).join(' ') + ' for ' + new URL(process.env.DATABASE_URL).pathname);
console.error(process.env.CLI_SAYS ?? '');
process.exit(Number(process.env.CLI_STATUS ?? 0));
`;

async function run(env: Record<string, string>, path = 'node_modules/prisma/build/index.js') {
  const app = await createStandalone({ files: { [path]: CLI } });
  const database = await createDatabase();
  const boot = await runBundle({
    dir: app.dir,
    args: ['migrate'],
    env: { DATABASE_URL: database.url, ENTRYPOINT_MIGRATE_ENGINE: 'cli', ...env },
  });
  return { ...boot, database };
}

describe('the engine `cli`', () => {
  test('runs the app’s own Prisma CLI, its output in the log', async () => {
    const { code, logs, database } = await run({});
    expect(code).toBe(0);
    const output = logs.find(({ step, event }) => step === 'migrate' && event === 'output');
    expect(output?.msg).toBe(`called with migrate deploy for /${database.name}`);
  });

  test('finds it in node_modules/.bin too, through a link', async () => {
    const app = await createStandalone({
      files: { 'node_modules/prisma/build/index.js': CLI, 'node_modules/.bin/x': '' },
    });
    await symlink('../prisma/build/index.js', app.path('node_modules/.bin/prisma'));
    await chmod(app.path('node_modules/prisma/build/index.js'), 0o755);
    const { url } = await createDatabase();
    const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATE_ENGINE: 'cli' };
    expect((await runBundle({ dir: app.dir, args: ['migrate'], env })).code).toBe(0);
  });

  test('is never downloaded: where there is none, exit 66', async () => {
    const { code, logs } = await run({}, 'node_modules/other/index.js');
    expect(code).toBe(66);
    expect(logs.at(-1)?.error?.code).toBe('PRISMA_CLI_MISSING');
  });

  test.each([
    ['Error: P1000: Authentication failed', 77, 'DATABASE_ACCESS_REFUSED'],
    ['Error: P1001: Can’t reach database server', 69, 'DATABASE_UNAVAILABLE'],
    ['Error: P3005\n\nThe database schema is not empty', 65, 'DATABASE_NOT_EMPTY'],
    ['Error: P3009\n\nmigrate found failed migrations', 65, 'MIGRATION_UNRESOLVED'],
    ['Error: P3018\n\nA migration failed to apply', 65, 'MIGRATION_FAILED'],
    ['something else', 65, 'MIGRATION_FAILED'],
  ])('that says %j ends with %i', async (says, status, errorCode) => {
    const { code, logs } = await run({ CLI_STATUS: '1', CLI_SAYS: says });
    expect(code).toBe(status);
    expect(logs.at(-1)?.error?.code).toBe(errorCode);
  });
});
