import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT } from '../../scripts/build/paths.mjs';

const MAJOR = 24;

/**
 * The Node.js of the image: the one that runs us where it is of that version, else the one that the tests use, which is
 * fetched where it is not there yet.
 */
export function findNode() {
  if (Number(process.versions.node.split('.')[0]) === MAJOR) return process.execPath;
  const binary = join(ROOT, `tests/toolchains/node_modules/node-${MAJOR}-${process.arch}/bin/node`);
  if (!existsSync(binary)) {
    console.log(`Fetching Node.js ${MAJOR}: npm run test:toolchains`);
    spawnSync('npm', ['run', '--silent', 'test:toolchains'], { cwd: ROOT, stdio: 'inherit' });
  }
  if (!existsSync(binary)) throw new Error(`Run this with Node.js ${MAJOR}: none could be fetched.`);
  return binary;
}
