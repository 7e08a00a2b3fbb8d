import { symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { runBundle } from '../../helpers/bundle.ts';
import { createDatabase } from '../../helpers/database.ts';
import { createProxy } from '../../helpers/network.ts';
import { createStandalone } from '../../helpers/standalone.ts';

/** In the place of Prisma's: says how it was called, then prints what it is told to and ends as it is told to. */
const CLI = `#!/usr/bin/env node
console.log('called with ' + process.argv.slice(2).join(' ') + ' for ' + new URL(process.env.DATABASE_URL).pathname);
console.error(process.env.CLI_SAYS ?? '');
process.exit(Number(process.env.CLI_STATUS ?? 0));
`;

const MANIFEST = JSON.stringify({ name: 'prisma', version: '7.10.1', bin: { prisma: 'build/index.js' } });

function prismaPackage(dir: string): Record<string, string> {
  return { [`${dir}/package.json`]: MANIFEST, [`${dir}/build/index.js`]: CLI };
}

async function run(env: Record<string, string>) {
  const app = await createStandalone({ files: prismaPackage('node_modules/prisma') });
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
    const { logs, database } = await run({});
    const output = logs.find(({ step, event }) => step === 'migrate' && event === 'output');
    expect(output?.msg).toBe(`called with migrate deploy for /${database.name}`);
  });

  test('gets the direct connection under every name that the app reads', async () => {
    const { logs, database } = await run({
      ENTRYPOINT_DATABASE_URL_FROM: 'POOLED_URL',
      ENTRYPOINT_DIRECT_URL_FROM: 'DATABASE_URL',
      POOLED_URL: 'postgresql://app@127.0.0.1:1/elsewhere',
    });
    const output = logs.find(({ step, event }) => step === 'migrate' && event === 'output');
    expect(output?.msg).toBe(`called with migrate deploy for /${database.name}`);
  });

  test('that ends with 0 and has applied nothing is not believed: exit 65', async () => {
    const { code, logs } = await run({});
    expect(code).toBe(65);
    expect(logs.at(-1)?.error).toMatchObject({
      code: 'MIGRATION_FAILED',
      problems: [{ message: '`prisma migrate deploy` ended with exit status 0, and 1 migration is pending' }],
    });
  });

  test('finds it where pnpm puts it, whose .bin/prisma is a shell script', async () => {
    const store = 'node_modules/.pnpm/prisma@7.10.1/node_modules/prisma';
    const app = await createStandalone({
      files: { ...prismaPackage(store), 'node_modules/.bin/prisma': '#!/bin/sh\nexec node "$0.js" "$@"\n' },
    });
    await symlink('.pnpm/prisma@7.10.1/node_modules/prisma', app.path('node_modules/prisma'));
    const { url } = await createDatabase();
    const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATE_ENGINE: 'cli' };
    const { logs } = await runBundle({ dir: app.dir, args: ['migrate'], env });
    expect(logs.find(({ event }) => event === 'output')?.msg).toContain('called with migrate deploy');
  });

  test.each([
    ['is missing', {}],
    ['is incomplete', { 'node_modules/prisma/package.json': MANIFEST }],
  ])('that %s is reported before any connection to the database: exit status 66', async (_, files) => {
    const app = await createStandalone({ files });
    const proxy = await createProxy(await createDatabase());
    const env = {
      DATABASE_URL: `postgresql://app:a-password-of-the-app@127.0.0.1:${proxy.port}/app`,
      ENTRYPOINT_MIGRATE_ENGINE: 'cli',
    };
    for (const args of [['migrate'], ['start']]) {
      const { code, logs } = await runBundle({ dir: app.dir, args, env });
      expect(code).toBe(66);
      expect(logs.at(-1)).toMatchObject({
        step: 'build',
        error: { code: 'BUILD_INCOMPLETE', problems: [{ what: 'ENTRYPOINT_MIGRATE_ENGINE=cli' }] },
      });
    }
    expect(proxy.accepted).toBe(0);
    const { code, stdout } = await runBundle({
      dir: app.dir,
      args: ['--check', '--json', '--skip-database'],
      env,
    });
    expect(code).toBe(66);
    expect(JSON.parse(stdout).findings).toContainEqual(
      expect.objectContaining({ step: 'build', level: 'failure', exitStatus: 66 }),
    );
  });

  test('is not asked for where nothing is migrated, or by `status`', async () => {
    const app = await createStandalone();
    const { url } = await createDatabase();
    const env = { DATABASE_URL: url, ENTRYPOINT_MIGRATE_ENGINE: 'cli', ENTRYPOINT_MIGRATE: 'skip' };
    expect(await runBundle({ dir: app.dir, args: ['check'], env })).toMatchObject({ code: 0 });
    expect(await runBundle({ dir: app.dir, args: ['status'], env })).toMatchObject({ code: 65 });
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
