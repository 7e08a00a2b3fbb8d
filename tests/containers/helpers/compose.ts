/**
 * A compose project of the repository's own files, with a name of its own, gone when the test ends.
 *
 *     const project = await createProject({ env: { POSTGRES_PASSWORD: '…' }, overlays: ['compose.secrets.yml'] });
 *     await project.up(); await project.up('--scale', 'app=3');
 *     await project.query('SELECT count(*) FROM users');
 *     const app = project.container('app');
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import { inject } from 'vitest';
import { onCleanup } from '../../helpers/cleanup.ts';
import { createFolder } from '../../helpers/workspace.ts';
import './context.ts';
import { type DockerResult, docker, dockerEnvironment, tryDocker } from './docker.ts';
import { createName } from './names.ts';

export interface ProjectOptions {
  env?: Record<string, string>;
  /** Files of the repository's that come after docker-compose.yml. */
  overlays?: string[];
  /** A last overlay, of the test's own, as Compose reads it. */
  override?: object;
}

const root = join(import.meta.dirname, '../../..');
const EVERYTHING = ['--profile', '*'];

export class Project {
  readonly name: string;
  readonly password: string;
  readonly #files: string[];
  readonly #env: Record<string, string>;

  constructor(parts: { name: string; files: string[]; env: Record<string, string>; password: string }) {
    this.name = parts.name;
    this.password = parts.password;
    this.#files = parts.files.flatMap((file) => ['--file', file]);
    this.#env = parts.env;
  }

  compose(...args: string[]): Promise<string> {
    return docker(this.#command(args), { env: this.#env });
  }

  tryCompose(...args: string[]): Promise<DockerResult> {
    return tryDocker(this.#command(args), { env: this.#env });
  }

  /** Starts what is not running and waits until all of it is healthy. */
  async up(...args: string[]): Promise<void> {
    await this.compose('up', '--detach', '--no-build', '--wait', ...args);
  }

  /** Changes a variable of the compose files, for the next `up`. */
  set(name: string, value: string): void {
    this.#env[name] = value;
  }

  /** The name Compose gives a service's container. */
  container(service: string, number = 1): string {
    return `${this.name}-${service}-${number}`;
  }

  inspect(service: string, format: string, number = 1): Promise<string> {
    return docker(['inspect', '--format', format, this.container(service, number)]);
  }

  async url(service = 'app', port = 3000, number = 1): Promise<string> {
    return `http://${await this.compose('port', '--index', String(number), service, String(port))}`;
  }

  /** As the superuser, over the socket inside the container. */
  query(sql: string, database = 'zarpe'): Promise<string> {
    return this.psql('-d', database, '-c', sql);
  }

  psql(...args: string[]): Promise<string> {
    const psql = ['psql', '--no-psqlrc', '-U', 'postgres', '-qAt', '-v', 'ON_ERROR_STOP=1'];
    return this.compose('exec', '-T', 'postgres', ...psql, ...args);
  }

  /** What one container of a service has printed. */
  async logs(service: string, number = 1): Promise<string> {
    const { stdout, stderr } = await tryDocker(['logs', this.container(service, number)]);
    return stdout + stderr;
  }

  /** The first line of a service's output, past or to come, that holds the text. */
  async waitForLine(service: string, text: string): Promise<string> {
    const logs = spawn('docker', ['logs', '--follow', this.container(service)], {
      env: dockerEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const output = mergeStreams(logs.stdout, logs.stderr);
      for await (const line of createInterface({ input: output })) if (line.includes(text)) return line;
      throw new Error(`${service} ended without printing ${text}`);
    } finally {
      logs.kill();
    }
  }

  /** Stops one container of a service. */
  async stop(service: string, number = 1): Promise<void> {
    await docker(['stop', this.container(service, number)]);
  }

  async down(...args: string[]): Promise<void> {
    await this.compose(...EVERYTHING, 'down', '--remove-orphans', ...args);
  }

  #command(args: string[]): string[] {
    // Whatever .env lies in the repository is none of the test's business.
    return ['compose', '--project-name', this.name, '--env-file', '/dev/null', ...this.#files, ...args];
  }
}

export async function createProject(options: ProjectOptions = {}): Promise<Project> {
  const name = createName('p');
  const password = randomBytes(12).toString('hex');
  const files = ['docker-compose.yml', ...(options.overlays ?? [])].map((file) => join(root, file));
  if (options.override !== undefined) files.push(await writeOverride(options.override));
  const env = {
    POSTGRES_PASSWORD: password,
    APP_IMAGE: inject('image'),
    APP_PORT: '0',
    ...options.env,
  };
  const project = new Project({ name, files, env, password });
  onCleanup(() => project.down('--volumes', '--timeout', '0'));
  return project;
}

function mergeStreams(...streams: Readable[]): Readable {
  const merged = new PassThrough();
  let open = streams.length;
  for (const stream of streams) {
    stream.pipe(merged, { end: false });
    stream.on('end', () => {
      open -= 1;
      if (open === 0) merged.end();
    });
  }
  return merged;
}

async function writeOverride(content: object): Promise<string> {
  const file = join(await createFolder('compose'), 'override.json');
  await writeFile(file, JSON.stringify(content));
  return file;
}
