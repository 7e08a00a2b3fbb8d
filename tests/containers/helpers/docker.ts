/**
 * The `docker` command as a function.
 *
 *     const id = await docker(['run', '-d', image]);                 // standard output, trimmed; throws with what it said
 *     const { code, stdout, stderr } = await tryDocker(['run', '--rm', image, 'sh']);
 */
import { spawn } from 'node:child_process';

export interface DockerResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface DockerOptions {
  cwd?: string;
  /** In place of the tests' own environment, from which only what the command itself needs is kept. */
  env?: Record<string, string>;
  input?: string;
}

const KEPT = ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'TMPDIR'];

export async function docker(args: string[], options: DockerOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await tryDocker(args, options);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}:\n${stderr}${stdout}`);
  return stdout.trim();
}

export function tryDocker(args: string[], options: DockerOptions = {}): Promise<DockerResult> {
  const child = spawn('docker', args, {
    cwd: options.cwd,
    env: dockerEnvironment(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  child.stdin.on('error', () => undefined).end(options.input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...output }));
  });
}

/** Nothing of the tests' own environment may reach a compose file by accident. */
export function dockerEnvironment(values: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = KEPT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const environment: Record<string, string> = {
    ...Object.fromEntries(kept),
    DOCKER_BUILDKIT: '1',
    ...values,
  };
  return environment as NodeJS.ProcessEnv;
}
