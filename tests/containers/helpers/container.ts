/**
 * A running container, its output as lines and promises of lines, gone when the test ends.
 *
 *     const app = await startContainer({ image, network, env: { DATABASE_URL }, options: ['--read-only'] });
 *     await app.waitForLog({ step: 'migrate', event: 'done' });
 *     await app.waitForServer();                     // a fixture server's `ready`
 *     await app.waitUntilHealthy();
 *     await app.stop(); expect(await app.exit).toBe(143);
 *     expect(await app.inspect('{{.State.ExitCode}}')).toBe('143');
 *     const { code, output } = await runContainer({ image, command: ['node', 'entrypoint.js', 'explain'] });
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFailed } from 'vitest';
import { onCleanup } from '../../helpers/cleanup.ts';
import { OutputLines } from '../../helpers/output-lines.ts';
import { docker, dockerEnvironment } from './docker.ts';
import { waitForEvent } from './events.ts';
import { createName, runLabel } from './names.ts';

export interface ContainerOptions {
  image: string;
  network?: string | undefined;
  env?: Record<string, string | undefined>;
  /** More for `docker run`. */
  options?: string[];
  command?: string[];
  /** Off where the checks' own connections and processes would be in the way. */
  healthcheck?: false;
}

export class Container extends OutputLines {
  readonly name: string;
  /** Settles with the exit code when the container ends for the first time, its output read. */
  readonly exit: Promise<number>;
  #logs: ChildProcess | undefined;

  constructor(name: string) {
    super();
    this.name = name;
    const closed = this.#follow();
    this.exit = this.#waitForExit(closed);
    // Awaited by some tests and not by others.
    this.exit.catch(() => undefined);
  }

  inspect(format: string): Promise<string> {
    return docker(['inspect', '--format', format, this.name]);
  }

  exec(command: string[], options: string[] = []): Promise<string> {
    return docker(['exec', ...options, this.name, ...command]);
  }

  async stop(seconds = 30): Promise<void> {
    await docker(['stop', '--time', String(seconds), this.name]);
  }

  async kill(signal: string): Promise<void> {
    await docker(['kill', '--signal', signal, this.name]);
  }

  /** The address on 127.0.0.1 of a port that was published with `-p 127.0.0.1::PORT`. */
  async url(port = 3000): Promise<string> {
    return `http://${(await docker(['port', this.name, String(port)])).split('\n')[0]}`;
  }

  /** Rejects where the container ends before it is healthy. */
  waitUntilHealthy(): Promise<void> {
    return waitForEvent(this.name, 'health_status: healthy');
  }

  async remove(): Promise<void> {
    await docker(['rm', '--force', '--volumes', this.name]);
    this.#logs?.kill();
  }

  #follow(): Promise<unknown> {
    const logs = spawn('docker', ['logs', '--follow', this.name], {
      env: dockerEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.read(logs.stdout, 'stdout');
    this.read(logs.stderr, 'stderr');
    this.#logs = logs;
    return once(logs, 'close');
  }

  async #waitForExit(logsClosed: Promise<unknown>): Promise<number> {
    const code = Number(await docker(['wait', this.name]));
    await logsClosed;
    this.finish(`code ${code}`);
    return code;
  }
}

export async function startContainer(options: ContainerOptions): Promise<Container> {
  const name = createName('c');
  onCleanup(async () => {
    await docker(['rm', '--force', '--volumes', name]);
  });
  const env = Object.entries(options.env ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : ['--env', `${key}=${value}`],
  );
  await docker([
    ...['run', '--detach', '--name', name, '--label', runLabel()],
    ...(options.healthcheck === false ? ['--no-healthcheck'] : ['--health-interval', '1s']),
    ...(options.network === undefined ? [] : ['--network', options.network]),
    ...['--env', 'LOG_FORMAT=json', ...env],
    ...(options.options ?? []),
    options.image,
    ...(options.command ?? []),
  ]);
  const container = new Container(name);
  printWhenTestFails(container);
  return container;
}

/** Runs it to its end. */
export async function runContainer(options: ContainerOptions): Promise<{ code: number; output: Container }> {
  const output = await startContainer(options);
  return { code: await output.exit, output };
}

function printWhenTestFails(container: Container): void {
  try {
    onTestFailed(() => console.error(container.describe()));
  } catch {
    // Started by `beforeAll`: there is no test to speak of yet.
  }
}
