import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { findFreePort } from '../../scripts/embedded-postgres.mjs';
import { copyApp, copyOpponent, ensureBuilt, hasNativeEngine } from './app.mjs';
import { startDatabases } from './database.mjs';
import { findNode } from './node.mjs';
import { timeToEnd } from './processes.mjs';

export const HEALTH = '/api/health';
const APP_DATABASE = 'app';

/**
 * Everything the figures are measured with.
 * @typedef {object} Laboratory
 * @property {string} folder a temporary one
 * @property {string} node the Node.js of the image
 * @property {string} app the folder of `entrypoint.js`
 * @property {string} opponent the folder of `start.sh`
 * @property {boolean} nativeEngine whether `start.sh` has Prisma's own engine
 * @property {string} note where the stand-in for the server notes its start
 * @property {import('./database.mjs').Databases} databases
 * @property {Readonly<Record<string, string>>} compiled the environment of what runs with the compile cache
 * @property {(args: readonly string[], extra?: Readonly<Record<string, string>>) => import('./processes.mjs').Command} run Node.js in the app's folder, its database migrated and with a user
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Laboratory>} */
export async function openLaboratory() {
  const node = findNode();
  await ensureBuilt();
  const folder = await mkdtemp(join(tmpdir(), 'zarpe-bench-'));
  // The account that PostgreSQL runs under must come through.
  await chmod(folder, 0o755);
  const databases = await startDatabases(folder);
  const close = async () => {
    await databases.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const app = await copyApp(join(folder, 'app'));
    const opponent = await copyOpponent(join(folder, 'opponent'));
    const base = baseEnvironment(node, databases.url(APP_DATABASE));
    // As the image has it: made with `warm-cache`, for the entrypoint and the server that it starts.
    const compiled = { NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
    /** @type {Laboratory['run']} */
    const run = (args, extra = {}) => ({
      file: node,
      args,
      cwd: app,
      env: { ...base, ...(args[0] === 'entrypoint.js' && compiled), ...extra },
    });
    await timeToEnd(run(['entrypoint.js', 'migrate']));
    await timeToEnd(run(['entrypoint.js', 'seed']));
    await timeToEnd(run(['entrypoint.js', 'warm-cache'], { PORT: String(await findFreePort()) }));
    const note = join(folder, 'started');
    const nativeEngine = await hasNativeEngine();
    return { folder, node, app, opponent, nativeEngine, note, databases, compiled, run, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Nothing of the environment we run in but what a container has too: NODE_EXTRA_CA_CERTS alone would cost each start
 * of Node.js 50 ms.
 * @param {string} node
 * @param {string} url
 */
function baseEnvironment(node, url) {
  return {
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    HOME: tmpdir(),
    DATABASE_URL: url,
    NODE_ENV: 'production',
    HOSTNAME: '127.0.0.1',
    NEXT_TELEMETRY_DISABLED: '1',
  };
}
