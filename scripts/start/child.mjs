import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']);

/**
 * Runs one Node.js program at a time, and hands it the signals that come to us. Each has a session of its own:
 * Ctrl-C reaches it once, through us, and never the database behind it.
 */
export function forwardSignals() {
  /** @type {((signal: NodeJS.Signals) => void) | undefined} */
  let send;
  /** @type {number | undefined} */
  let status;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    status ??= 128 + constants.signals[signal];
    send?.(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);

  return {
    /** The exit status of who was told to stop, once a signal has come. */
    stopped: () => status,
    end: () => send?.('SIGTERM'),
    release() {
      for (const signal of SIGNALS) process.off(signal, forward);
    },
    /**
     * @param {string[]} args
     * @param {{ cwd: string, env?: Record<string, string>, wholeGroup?: boolean }} options
     * `wholeGroup`: the program hands no signals on, so its children get them from us
     * @returns {Promise<number>} its exit status, 128 + n where signal n ended it
     */
    run(args, { cwd, env = {}, wholeGroup = false }) {
      const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'inherit', 'inherit'],
        detached: true,
      });
      send = (signal) => {
        if (wholeGroup && child.pid) process.kill(-child.pid, signal);
        else child.kill(signal);
      };
      return new Promise((resolve, reject) => {
        child.on('error', reject).on('exit', (code, signal) => {
          send = undefined;
          resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
        });
      });
    },
  };
}
