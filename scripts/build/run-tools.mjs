import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import { ROOT } from './paths.mjs';

const require = createRequire(import.meta.url);

/** Generates Prisma Client; prisma.config.ts keeps it from downloading an engine. */
export async function generateClient() {
  await run(require.resolve('prisma/build/index.js'), ['generate', '--no-hints'], {
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  });
  return 'prisma/generated';
}

export async function runNextBuild() {
  await run(require.resolve('next/dist/bin/next'), ['build'], {
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    // The lockfile is npm's business; Next would ask the registry about compilers for other platforms.
    NEXT_IGNORE_INCORRECT_LOCKFILE: '1',
  });
  return '.next/standalone';
}

/**
 * Runs a script of this repository or its packages, and answers with what it printed, which an error shows.
 * @param {string} script
 * @param {string[]} args
 * @param {Record<string, string>} env
 */
export async function run(script, args, env = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  /** @type {number | NodeJS.Signals} */
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => resolve(code ?? signal ?? 1));
  });
  if (status !== 0) throw new Error(`${output}\n${[script, ...args].join(' ')} ended with ${status}.`);
  return output;
}
