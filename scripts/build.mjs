// npm run build: everything an image copies, in dist/standalone. Needs no network and no database.
// `--quick` compresses the schema engine quickly, for `npm start`.
import process from 'node:process';
import { assembleStandalone } from './build/assemble-standalone.mjs';
import { bundleEntrypoint } from './build/bundle-entrypoint.mjs';
import { bundleSeed } from './build/bundle-seed.mjs';
import { compressEngine } from './build/engine.mjs';
import { beginStamp } from './build/inputs.mjs';
import { createProgress } from './build/progress.mjs';
import { generateClient, runNextBuild } from './build/run-tools.mjs';

const quick = process.argv.includes('--quick');
const { stage, end } = createProgress(6);
try {
  const setStamp = await beginStamp({ quick });
  const engine = stage('schema engine', () => compressEngine({ quick }));
  const client = stage('Prisma Client', generateClient);
  await all([
    engine.then(() => stage('entrypoint', () => bundleEntrypoint({ quick }))),
    client.then(() => stage('seed', () => bundleSeed())),
    client.then(() => stage('next build', runNextBuild)),
  ]);
  await stage('standalone', assembleStandalone);
  await setStamp();
  end();
} catch (error) {
  end();
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/**
 * Fails once all have ended, so that nothing is printed after what failed.
 * @param {Promise<void>[]} stages
 */
async function all(stages) {
  const results = await Promise.allSettled(stages);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
