import { describe, expect, test } from 'vitest';
import { startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { NODE_VERSIONS } from '../helpers/node-versions.ts';
import { startServer } from '../helpers/postgres.ts';
import { POSTGRES_VERSIONS } from '../helpers/postgres-versions.ts';
import { createStandalone } from '../helpers/standalone.ts';

const PACKAGES = {
  module: 'beside a package.json with "type": "module"',
  commonjs: 'beside a package.json with "type": "commonjs"',
  neither: 'beside a package.json without a type',
  none: 'without a package.json',
} as const;

for (const { title, binary } of NODE_VERSIONS) {
  describe.skipIf(binary === undefined)(title, () => {
    for (const packageType of ['module', 'commonjs', 'neither', 'none'] as const) {
      test(`boots, migrates, seeds and serves ${PACKAGES[packageType]}, from whatever folder`, async () => {
        const app = await createStandalone({ seed: 'works', server: 'recorder', packageType });
        const database = await createDatabase();
        const boot = await startBundle({
          dir: app.dir,
          cwd: '/',
          node: binary,
          env: { DATABASE_URL: database.url, ENTRYPOINT_PRELOAD: 'on' },
        });
        await boot.waitForServer();
        const answer = await fetch(`http://127.0.0.1:${boot.port}/exit/9`);
        expect(await answer.text()).toBe('recorder\n');
        expect(await boot.exit).toMatchObject({ code: 9, signal: null });
        expect(await database.migrations()).toMatchObject([{ finished: true, applied_steps_count: 1 }]);
        expect(await database.query('SELECT count(*)::int AS users FROM users')).toEqual([{ users: 3 }]);
        const started = boot.logs.filter(({ event }) => event === 'started');
        expect(started.find(({ fixture }) => fixture === 'works')).toMatchObject({ cwd: app.dir });
        expect(started.find(({ fixture }) => fixture === 'recorder')).toMatchObject({ cwd: app.dir });
      });
    }
  });
}

for (const { title, major, options } of POSTGRES_VERSIONS) {
  test.skipIf(options === undefined)(
    `creates, migrates and seeds a database on ${title}, and serves`,
    async () => {
      const app = await createStandalone({ seed: 'works' });
      const database = await createDatabase({ server: await startServer(options), create: false });
      const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url } });
      await boot.waitForServer();
      const { serverVersion } = await boot.waitForLog({ step: 'database', event: 'done' });
      expect(String(serverVersion)).toMatch(new RegExp(`^${major}\\.`));
      expect(await database.migrations()).toMatchObject([{ finished: true, applied_steps_count: 1 }]);
      expect(await database.query('SELECT count(*)::int AS users FROM users')).toEqual([{ users: 3 }]);
    },
  );
}
