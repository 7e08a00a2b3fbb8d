/** `npm start` as a process, with a folder of its own for the database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT } from '../../scripts/build/paths.mjs';
import { onCleanup } from '../helpers/cleanup.ts';
import { OutputLines } from '../helpers/output-lines.ts';
import { killMarked, markedEnvironment } from '../helpers/workspace.ts';

export class StartProcess extends OutputLines {
  readonly #child: ChildProcess;
  readonly exit: Promise<number | null>;

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
    if (child.stdout) this.read(child.stdout, 'stdout');
    if (child.stderr) this.read(child.stderr, 'stderr');
    this.exit = once(child, 'close').then(([code]) => {
      this.finish(`code ${code}`);
      return code;
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

let started = 0;

export function npmStart(home: string, port: number): StartProcess {
  const name = `start-${++started}`;
  const child = spawn(process.execPath, [join(ROOT, 'scripts/start.mjs')], {
    env: markedEnvironment(name, {
      PATH: process.env.PATH,
      ZARPE_HOME: home,
      PORT: String(port),
      LOG_FORMAT: 'json',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onCleanup(() => killMarked(name));
  return new StartProcess(child);
}
