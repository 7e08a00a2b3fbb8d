// npm start: the whole product on this machine. Builds what is stale, brings a PostgreSQL up unless the environment
// names one, and runs the entrypoint in dist/standalone as a container would.
import { join, relative, resolve } from 'node:path';
import process from 'node:process';
import { isBuilt } from './build/inputs.mjs';
import { ROOT, STANDALONE } from './build/paths.mjs';
import { announceServer, ensurePortIsFree } from './start/announce.mjs';
import { forwardSignals } from './start/child.mjs';
import { openDatabase } from './start/database.mjs';
import { withLock } from './start/lock.mjs';

// The data, the password and the log of the embedded PostgreSQL.
const FOLDER = resolve(process.env.ZARPE_HOME || join(ROOT, '.zarpe'));
const port = Number(process.env.PORT || 3000);
const children = forwardSignals();

try {
  process.exitCode = await withLock(FOLDER, start);
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
children.release();

async function start() {
  await ensurePortIsFree(port);
  if (!(await isBuilt({ quick: true }))) {
    console.log(
      'Building dist/standalone, which is missing or older than its sources: half a minute the first time.',
    );
    const build = [join(ROOT, 'scripts/build.mjs'), '--quick'];
    const status = await children.run(build, { cwd: ROOT, wholeGroup: true });
    if (status !== 0) return status;
  }
  return children.stopped() ?? (await serve());
}

async function serve() {
  const database = await openDatabase(FOLDER, () => children.end());
  if (database.dataDir)
    console.log(`PostgreSQL ${database.version} keeps its data in ${shorten(database.dataDir)}`);
  const announcing = new AbortController();
  try {
    if (children.stopped() !== undefined) return children.stopped();
    void announceServer(port, announcing.signal);
    return await children.run(['entrypoint.js'], { cwd: STANDALONE, env: database.env });
  } finally {
    announcing.abort();
    await database.close();
  }
}

/** @param {string} path */
function shorten(path) {
  return path.startsWith(ROOT) ? relative(ROOT, path) : path;
}
