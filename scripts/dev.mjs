// npm run dev: the app in watch mode on the embedded PostgreSQL of `npm start`. The entrypoint is bundled anew when its
// sources change, and migrates and seeds, also when prisma/ changes.
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { bundleSeed } from './build/bundle-seed.mjs';
import { DEV, ROOT } from './build/paths.mjs';
import { generateClient } from './build/run-tools.mjs';
import { watchEntrypoint } from './dev/watch-entrypoint.mjs';
import { announceServer, ensurePortIsFree } from './start/announce.mjs';
import { forwardSignals } from './start/child.mjs';
import { openDatabase } from './start/database.mjs';
import { withLock } from './start/lock.mjs';

const FOLDER = resolve(process.env.ZARPE_HOME || join(ROOT, '.zarpe'));
const NEXT = createRequire(import.meta.url).resolve('next/dist/bin/next');
const port = Number(process.env.PORT || 3000);
const children = forwardSignals();

try {
  process.exitCode = await withLock(FOLDER, develop);
} catch (error) {
  console.error(`npm run dev: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
children.release();

async function develop() {
  await ensurePortIsFree(port);
  const database = await openDatabase(FOLDER, () => children.end());
  const ending = new AbortController();
  try {
    if (database.dataDir) console.log(`PostgreSQL ${database.version} keeps its data in ${database.dataDir}`);
    await followSchema();
    const watching = watchEntrypoint(() => prepareDatabase(database.env), followSchema, ending.signal);
    await Promise.race([watching.ready, watching.ended]);
    const status = children.stopped() ?? (await serve(database.env, ending.signal));
    ending.abort();
    await watching.ended;
    return status;
  } finally {
    ending.abort();
    await database.close();
  }
}

/** What is made of the schema: Prisma Client where it is older, and the seed that uses it. */
async function followSchema() {
  const [schema, client] = await Promise.all(
    ['prisma/schema.prisma', 'prisma/generated/client.ts'].map((path) =>
      stat(join(ROOT, path)).catch(() => undefined),
    ),
  );
  if (!schema || !client || schema.mtimeMs > client.mtimeMs) await generateClient();
  await bundleSeed(join(DEV, 'seed.js'));
}

/**
 * The first two steps of a boot, with the entrypoint as it now is.
 * @param {Record<string, string>} env
 */
async function prepareDatabase(env) {
  for (const command of ['migrate', 'seed']) {
    if (children.stopped() !== undefined) return;
    const status = await children.run(['--enable-source-maps', 'entrypoint.js', command], { cwd: DEV, env });
    if (status !== 0) {
      console.error(
        `\`${command}\` ended with ${status}. It runs again when entrypoint/ or prisma/ changes.`,
      );
      return;
    }
  }
}

/**
 * @param {Record<string, string>} env
 * @param {AbortSignal} signal
 */
async function serve(env, signal) {
  void announceServer(port, signal);
  const status = await children.run([NEXT, 'dev', '--port', String(port)], {
    cwd: ROOT,
    env: {
      ...env,
      NODE_ENV: 'development',
      NEXT_TELEMETRY_DISABLED: '1',
      NEXT_IGNORE_INCORRECT_LOCKFILE: '1',
    },
    wholeGroup: true,
  });
  return children.stopped() ?? status;
}
