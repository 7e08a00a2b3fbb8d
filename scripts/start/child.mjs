import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Runs Node.js programs, and hands them the signals that come to us. Each has a session of its own: Ctrl-C reaches it
 * once, through us, and never the database behind it.
 */
export function forwardSignals() {
  /** @type {Set<(signal: NodeJS.Signals) => void>} */
  const running = new Set();
  /** @type {number | undefined} */
  let status;
  /** @param {NodeJS.Signals} signal */
  const sendAll = (signal) => {
    for (const send of running) send(signal);
  };
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    status ??= 128 + constants.signals[signal];
    sendAll(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);

  return {
    /** The exit status of who was told to stop, once a signal has come. */
    stopped: () => status,
    end: () => sendAll('SIGTERM'),
    release() {
      for (const signal of SIGNALS) process.off(signal, forward);
    },
    /**
     * @param {string[]} args
     * @param {{ cwd: string, env?: Record<string, string>, wholeGroup?: boolean }} options
     * `wholeGroup`: the program hands no signals on, so its children get them from us, and end when it has
     * @returns {Promise<number>} its exit status, 128 + n where signal n ended it
     */
    run(args, { cwd, env = {}, wholeGroup = false }) {
      const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      });
      const send = (/** @type {NodeJS.Signals} */ signal) => {
        if (wholeGroup && child.pid) killGroup(child.pid, signal);
        else child.kill(signal);
      };
      running.add(send);
      return new Promise((resolve, reject) => {
        child.on('error', reject).on('exit', (code, signal) => {
          running.delete(send);
          if (wholeGroup) send('SIGKILL');
          resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
        });
      });
    },
  };
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
