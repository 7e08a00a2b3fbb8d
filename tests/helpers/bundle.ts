/**
 * Runs `node entrypoint.js` as a process and waits for what it says, never for a time.
 *
 *     const boot = await startBundle({ dir: app.dir, env: { DATABASE_URL: database.url } });
 *     await boot.waitForServer();                                 // a fixture server's `ready`
 *     await boot.waitForLog({ step: 'migrate', event: 'done' });   // or a predicate; past lines count
 *     await boot.waitForLine(/listening/);                        // on either output
 *     boot.kill('SIGTERM');
 *     expect(await boot.exit).toMatchObject({ code: 143, signal: null });
 *     boot.stdout, boot.stderr, boot.lines, boot.logs, boot.port, boot.processes()
 *
 *     const { code, logs, stdout } = await runBundle({ dir, args: ['status', '--json'], env });
 *
 * The environment is clean: PATH (with the chosen Node.js first), LOG_FORMAT=json, a free PORT, the mark that the
 * harness finds the process by, and what is given; undefined takes a variable out. When the test ends, the process and
 * everything it started, in whatever group, is killed. No output may hold a secret: the databases' and roles' passwords
 * in any encoding, and what the given environment calls a password, secret, token, key or webhook. One found
 * fails the test, in the command line of a living process too; so does a log line that docs/logs.md does not describe. A
 * failed test prints the output.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { onTestFailed } from 'vitest';
import { type BundleExit, BundleProcess } from './bundle-process.ts';
import { onCleanup } from './cleanup.ts';
import { freePort } from './ports.ts';
import { secretForms, secretsOfEnvironment } from './secrets.ts';
import { markedEnvironment } from './workspace.ts';

export { type BundleExit, BundleProcess } from './bundle-process.ts';
export type { LogLine } from './output-lines.ts';

export interface BundleOptions {
  /** The folder that holds `entrypoint.js`. */
  dir: string;
  args?: string[];
  env?: Record<string, string | undefined>;
  /** The Node.js to run it with (`node-versions.ts`); the default is the one that runs the tests. */
  node?: string | undefined;
  /** Flags for Node.js itself. */
  nodeArgs?: string[];
  /** The default is `dir`. */
  cwd?: string;
  /** Text for standard input, which then ends; `pipe` leaves it open for `boot.stdin`. The default is no input. */
  stdin?: string | 'pipe';
  /** A file descriptor in the place of standard output, of which nothing is then read here. */
  stdout?: number;
  /** On a terminal, through `script`: both outputs come as `stdout`, and `boot.stdin` is the keyboard. */
  terminal?: boolean;
  /** Runs it as this user; only root can. */
  uid?: number;
  /** More that must not be printed. */
  secrets?: string[];
}

let started = 0;

export async function startBundle(options: BundleOptions): Promise<BundleProcess> {
  const name = `bundle-${++started}`;
  const node = options.node ?? process.execPath;
  const environment = markedEnvironment(name, {
    PATH: [dirname(node), process.env.PATH].join(delimiter),
    LOG_FORMAT: 'json',
    PORT: String(await freePort()),
    ...options.env,
  });
  const secrets = [
    ...secretsOfEnvironment(environment),
    ...(options.secrets ?? []).flatMap((value) => secretForms(value, 'a secret of the test')),
  ];
  const command = [
    node,
    ...(options.nodeArgs ?? []),
    join(options.dir, 'entrypoint.js'),
    ...(options.args ?? []),
  ];
  const [program, ...args] = options.terminal ? onTerminal(command) : command;
  const input = options.stdin === undefined && !options.terminal ? 'ignore' : 'pipe';
  const child: ChildProcess = spawn(program ?? node, args, {
    cwd: options.cwd ?? options.dir,
    env: environment,
    stdio: [input, options.stdout ?? 'pipe', 'pipe'],
    ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    // A group of its own: what is meant for the tests' terminal does not reach it.
    detached: true,
  });
  const bundle = new BundleProcess(child, { name, secrets, port: Number(environment.PORT) });
  onCleanup(() => endBundle(bundle));
  printWhenTestFails(bundle);
  child.stdin?.on('error', () => undefined);
  if (options.stdin !== undefined && options.stdin !== 'pipe') child.stdin?.end(options.stdin);
  return bundle;
}

/** Runs it to its end. */
export async function runBundle(options: BundleOptions): Promise<BundleExit & BundleOutput> {
  const bundle = await startBundle(options);
  const exit = await bundle.exit;
  bundle.checkSecrets();
  const { stdout, stderr, lines, logs } = bundle;
  return { ...exit, stdout, stderr, lines, logs };
}

export type BundleOutput = Pick<BundleProcess, 'stdout' | 'stderr' | 'lines' | 'logs'>;

async function endBundle(bundle: BundleProcess): Promise<void> {
  try {
    bundle.checkSecrets();
  } finally {
    await bundle.killAll();
  }
  bundle.checkSecrets();
  bundle.checkLogs();
}

/** The command that runs another one on a terminal, which is closed when this one is killed. */
export function onTerminal(command: string[]): string[] {
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '--quiet', '--flush', '--return', '--command', `exec ${quoted}`, '/dev/null'];
}

function printWhenTestFails(bundle: BundleProcess): void {
  try {
    onTestFailed(() => console.error(bundle.describe()));
  } catch {
    // Started by `beforeAll`: there is no test to speak of yet.
  }
}
