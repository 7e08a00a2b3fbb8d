/** `npm start` and `npm run dev` as processes, with a folder of their own for the database. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT } from '../../scripts/build/paths.mjs';
import { onTerminal } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { OutputLines } from '../helpers/output-lines.ts';
import { killMarked, markedEnvironment, markedProcesses } from '../helpers/workspace.ts';

export class StartProcess extends OutputLines {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly exit: Promise<number | null>;

  constructor(child: ChildProcess, name: string) {
    super();
    this.#child = child;
    this.#name = name;
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

  /** It, its database and the app, as far as they still run. */
  processes(): { pid: number; command: string }[] {
    return markedProcesses(this.#name);
  }
}

let started = 0;

/** `terminal`: in a window of its own, which SIGKILL closes. */
export function npmStart(home: string, port: number, options: { terminal?: boolean } = {}): StartProcess {
  return startScript('start', home, port, options);
}

export function npmRunDev(home: string, port: number, options: { terminal?: boolean } = {}): StartProcess {
  return startScript('dev', home, port, options);
}

function startScript(
  script: 'start' | 'dev',
  home: string,
  port: number,
  { terminal = false }: { terminal?: boolean },
): StartProcess {
  const name = `${script}-${++started}`;
  const command = [process.execPath, join(ROOT, `scripts/${script}.mjs`)];
  const [program = '', ...args] = terminal ? onTerminal(command) : command;
  const child = spawn(program, args, {
    env: markedEnvironment(name, {
      PATH: process.env.PATH,
      ZARPE_HOME: home,
      PORT: String(port),
      LOG_FORMAT: 'json',
    }),
    stdio: [terminal ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  });
  onCleanup(() => killMarked(name));
  return new StartProcess(child, name);
}
