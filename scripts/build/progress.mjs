import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { describeSize } from './measure.mjs';

const BAR = 24;
const REDRAW_MS = 200;

/**
 * Prints a line as each stage ends. On a terminal a bar under them shows how far the whole is, and what runs.
 * @param {number} total how many stages there are
 * @param {import('node:tty').WriteStream} [output]
 */
export function createProgress(total, output = process.stdout) {
  const began = performance.now();
  const hasBar = output.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
  /** @type {Set<string>} */
  const running = new Set();
  let done = 0;
  let drawn = false;
  const timer = hasBar ? setInterval(draw, REDRAW_MS) : undefined;

  return {
    /**
     * @param {string} name
     * @param {() => Promise<string>} run does the work and answers with the path of what it made
     */
    async stage(name, run) {
      running.add(name);
      draw();
      const start = performance.now();
      const made = await run();
      const size = await describeSize(made);
      running.delete(name);
      done += 1;
      erase();
      output.write(`[${done}/${total}] ${name.padEnd(16)} ${seconds(start).padStart(7)} ${size}  ${made}\n`);
      draw();
    },
    end() {
      clearInterval(timer);
      erase();
    },
  };

  function draw() {
    if (!hasBar) return;
    erase();
    const filled = Math.round((done / total) * BAR);
    const bar = '━'.repeat(filled) + '╌'.repeat(BAR - filled);
    const line = `${bar} ${done}/${total} ${seconds(began)}  ${[...running].join(', ')}`;
    // The cursor waits below, so that whatever else is printed, a prompt after Ctrl-C too, begins a line of its own.
    output.write(`${line.slice(0, output.columns - 1)}\n`);
    drawn = true;
  }

  function erase() {
    if (drawn) output.write('\u001b[1A\u001b[2K');
    drawn = false;
  }
}

/** @param {number} since */
function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
