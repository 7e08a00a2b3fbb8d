import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { findFreePort } from '../../scripts/embedded-postgres.mjs';

const LOOK_MS = 2;
const PATIENCE_MS = 60_000;

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {readonly string[]} args
 * @property {string} cwd
 * @property {Readonly<Record<string, string>>} env the whole environment
 */

/** Milliseconds on the clock that all processes of the machine share. */
export function now() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Milliseconds from the start of a process to its end.
 * @param {Command} command
 */
export async function timeToEnd(command) {
  const began = now();
  await endWell(start(command), command);
  return now() - began;
}

/**
 * Milliseconds from the start of a process until the server's process begins, as `announces-start.cjs` notes it.
 * @param {Command} command
 * @param {string} note the file it writes
 */
export async function timeToServer(command, note) {
  await rm(note, { force: true });
  const began = now();
  await endWell(start({ ...command, env: { ...command.env, BENCH_STARTED: note } }), command);
  return Number(await readFile(note, 'utf8')) - began;
}

/**
 * Starts a process that is, or becomes, or starts the server, and waits for its first 200.
 * @param {Command} command
 * @param {string} path what is asked for
 */
export async function serve(command, path) {
  const port = await findFreePort();
  const began = now();
  const child = start({ ...command, env: { ...command.env, PORT: String(port) } });
  const closed = once(child, 'close');
  while ((await ask(port, path)) !== 200) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(describe(command, 'ended early'));
    if (now() - began > PATIENCE_MS) throw new Error(describe(command, 'did not answer'));
    await pause(LOOK_MS);
  }
  const ms = now() - began;
  return {
    ms,
    pid: child.pid ?? 0,
    ask: () => ask(port, path),
    stop: async () => {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

/** @param {Command} command */
function start({ file, args, cwd, env }) {
  return spawn(file, args, { cwd, env: /** @type {NodeJS.ProcessEnv} */ (env), stdio: 'ignore' });
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {Command} command
 */
async function endWell(child, command) {
  const [status, signal] = await once(child, 'exit');
  if (status !== 0) throw new Error(describe(command, `ended with ${status ?? signal}`));
}

/**
 * @param {Command} command
 * @param {string} what
 */
function describe({ file, args }, what) {
  return `${[file, ...args.slice(0, 3)].join(' ')} ${what}.`;
}

/**
 * @param {number} port
 * @param {string} path
 * @returns {Promise<number>} the status of the answer, 0 where there is none
 */
function ask(port, path) {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', () => resolve(0));
  });
}
