// npm run build: everything an image copies, in dist/standalone. Needs no network and no database.
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { assembleStandalone } from './build/assemble-standalone.mjs';
import { bundleEntrypoint } from './build/bundle-entrypoint.mjs';
import { bundleSeed } from './build/bundle-seed.mjs';
import { beginStamp } from './build/inputs.mjs';
import { describeSize } from './build/measure.mjs';
import { generateClient, runNextBuild } from './build/run-tools.mjs';

/** @typedef {[name: string, run: () => Promise<string>]} Step does its work and names what it made */

/** @type {Step[][]} the steps of one row need nothing of each other */
const STEPS = [
  [['prisma generate', generateClient]],
  [
    ['next build', runNextBuild],
    ['bundle entrypoint', bundleEntrypoint],
    ['bundle seed', () => bundleSeed()],
  ],
  [['assemble', assembleStandalone]],
];

try {
  const setStamp = await beginStamp();
  for (const row of STEPS) await Promise.all(row.map(runStep));
  await setStamp();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @param {Step} step */
async function runStep([name, run]) {
  const began = performance.now();
  const made = await run();
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${name.padEnd(18)} ${made.padEnd(20)} ${await describeSize(made)} ${seconds.padStart(6)} s`);
}
