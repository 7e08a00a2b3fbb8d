import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { OutputLines } from './output-lines.ts';
import { findSecrets, type Secret } from './secrets.ts';
import { killMarked, markedProcesses } from './workspace.ts';

export interface BundleExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  durationMs: number;
}

/** A running entrypoint, as `startBundle` of `bundle.ts` gives it. */
export class BundleProcess extends OutputLines {
  readonly pid: number;
  readonly port: number;
  readonly stdin: Writable | null;
  /** Settles when the process has ended and its output is read to the end. */
  readonly exit: Promise<BundleExit>;
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #secrets: Secret[];

  constructor(child: ChildProcess, parts: { name: string; port: number; secrets: Secret[] }) {
    super();
    if (child.pid === undefined) throw new Error('the bundle could not be started');
    this.pid = child.pid;
    this.port = parts.port;
    this.stdin = child.stdin;
    this.#child = child;
    this.#name = parts.name;
    this.#secrets = parts.secrets;
    if (child.stdout !== null) this.read(child.stdout, 'stdout');
    if (child.stderr !== null) this.read(child.stderr, 'stderr');
    this.exit = this.#waitForExit(performance.now());
  }

  /** Sends a signal to the entrypoint alone. */
  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }

  /** Kills the entrypoint and everything it started. */
  async killAll(): Promise<void> {
    this.#child.kill('SIGKILL');
    await killMarked(this.#name);
    await this.exit;
  }

  /** The entrypoint and everything it started that still lives; Linux only. */
  processes(): { pid: number; command: string }[] {
    return markedProcesses(this.#name);
  }

  /** Throws where the log so far is not as docs/logs.md promises. */
  checkLogs(): void {
    if (this.deviations.length > 0) throw new Error(`the log has ${this.deviations.join(' and ')}`);
  }

  /** Throws where the output so far, or the command line of a living process, holds a secret. */
  checkSecrets(): void {
    const commands = this.processes().map(({ command }) => command);
    const found = findSecrets([this.stdout, this.stderr, ...commands].join('\n'), this.#secrets);
    if (found.length > 0) throw new Error(`the output or a command line gives away ${found.join(' and ')}`);
  }

  async #waitForExit(start: number): Promise<BundleExit> {
    const closed = once(this.#child, 'close');
    const [code, signal] = await once(this.#child, 'exit');
    const durationMs = performance.now() - start;
    await Promise.race([closed, outputRunsDry(this.#child)]);
    this.finish(`code ${code}, signal ${signal}`);
    return { code, signal, durationMs };
  }
}

/** What outlives the entrypoint may hold its output open for ever: then it is read until nothing comes any more. */
async function outputRunsDry({ stdout, stderr }: ChildProcess): Promise<void> {
  const read = () => bytesRead(stdout) + bytesRead(stderr);
  for (let before = -1, rounds = 0; read() !== before && rounds < 20; rounds += 1) {
    before = read();
    await pause(100);
  }
}

function bytesRead(output: Readable | null): number {
  return output !== null && 'bytesRead' in output && typeof output.bytesRead === 'number'
    ? output.bytesRead
    : 0;
}
