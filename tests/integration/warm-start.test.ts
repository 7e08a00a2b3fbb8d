import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import { entrypoint as bundle } from '../../esbuild.config.mjs';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { watchFrontend } from '../helpers/frontend-messages.ts';
import { createStandalone, type Standalone } from '../helpers/standalone.ts';

const CoverageSchema = z.object({
  result: z.array(
    z.object({
      url: z.string(),
      functions: z.array(
        z.object({ functionName: z.string(), ranges: z.array(z.object({ count: z.number() })) }),
      ),
    }),
  ),
});

/** An app that is migrated and seeded: its next start has nothing to do. */
async function createSettled() {
  const database = await createDatabase();
  const app = await createStandalone({ server: 'polite', seed: 'works' });
  const env = { DATABASE_URL: database.url };
  expect(await runBundle({ dir: app.dir, args: ['migrate'], env })).toMatchObject({ code: 0 });
  expect(await runBundle({ dir: app.dir, args: ['seed'], env })).toMatchObject({ code: 0 });
  return { database, app };
}

async function serveOnce(app: Standalone, env: Record<string, string>) {
  const boot = await startBundle({ dir: app.dir, env });
  await boot.waitForServer();
  boot.kill('SIGTERM');
  expect(await boot.exit).toMatchObject({ code: 143 });
}

describe('a start with nothing to do', () => {
  test('asks the database once after it has connected', async () => {
    const { database, app } = await createSettled();
    const wire = await watchFrontend(database);
    await serveOnce(app, { DATABASE_URL: wire.through(database.url) });
    const asked = wire.connections.map((types) => types.filter((type) => type === 'Q' || type === 'S'));
    expect(asked).toEqual([['Q']]);
  });

  test('evaluates neither the engine nor its adapter, nor what only seeds, probes or TLS need', async () => {
    const { database, app } = await createSettled();
    await build({ ...bundle, minify: false, metafile: false, outfile: app.path('entrypoint.js') });
    const coverage = app.path('coverage');
    await serveOnce(app, { DATABASE_URL: database.url, NODE_V8_COVERAGE: coverage });
    const evaluated = await evaluatedModules(coverage);
    expect(evaluated).toContain('entrypoint/steps/migrate.ts');
    expect(evaluated.filter((path) => /node_modules\/@prisma|wasm|adapter|engine/.test(path))).toEqual([]);
    const lazy = [
      'migrations/apply/apply-script',
      'steps/migrate/embedded',
      'steps/seed/run-seed',
      'steps/run-command',
      'steps/hooks/run-hook',
      'steps/runtime-values/write',
      'steps/runtime-values/find',
      'steps/runtime-values/search',
      'lib/probe-server',
      'failure/hold',
    ];
    expect(evaluated.filter((path) => lazy.some((part) => path.includes(part)))).toEqual([]);
  });
});

/** The modules whose code ran: esbuild wraps each that is loaded late in a function of its name. */
async function evaluatedModules(folder: string): Promise<string[]> {
  const modules = new Set<string>();
  for (const name of await readdir(folder)) {
    const { result } = CoverageSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')));
    for (const { functions } of result.filter(({ url }) => url.endsWith('/entrypoint.js'))) {
      for (const { functionName, ranges } of functions) {
        if (functionName.includes('/') && (ranges[0]?.count ?? 0) > 0) modules.add(functionName);
      }
    }
  }
  return [...modules];
}
