/**
 * A Swarm stack of the repository's own file, on the one node that is here, gone when the test ends.
 *
 *     const stack = await createStack({ APP_IMAGE: image, APP_REPLICAS: '4' });
 *     await stack.deploy();                           // until every replica runs, and so is healthy
 *     expect(await stack.update(next)).toBe('completed');
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { onCleanup } from '../../helpers/cleanup.ts';
import { freePort } from '../../helpers/ports.ts';
import { createFolder } from '../../helpers/workspace.ts';
import { docker, dockerEnvironment } from './docker.ts';
import { createName } from './names.ts';
import { joinSwarm } from './swarm-membership.ts';

const FILE = join(import.meta.dirname, '../../../compose.swarm.yml');

/** So that a test need not wait as long as life may. */
const IMPATIENT = {
  version: '3.9',
  services: {
    app: {
      healthcheck: {
        test: ['CMD', 'node', 'entrypoint.js', 'healthcheck'],
        interval: '2s',
        start_period: '5m',
      },
      deploy: { update_config: { monitor: '5s' } },
    },
  },
};

export class Stack {
  readonly name: string;
  readonly url: string;
  readonly #env: Record<string, string>;
  readonly #override: string;

  constructor(parts: { name: string; port: number; env: Record<string, string>; override: string }) {
    this.name = parts.name;
    this.url = `http://localhost:${parts.port}`;
    this.#env = parts.env;
    this.#override = parts.override;
  }

  async deploy(): Promise<void> {
    await this.#deploy();
    while (!(await this.#isComplete())) await pause(250);
  }

  /** Deploys the stack with another image of the app, and waits for how the update ends. */
  async update(image: string): Promise<string> {
    this.#env.APP_IMAGE = image;
    const ended = this.#waitForUpdate();
    await this.#deploy();
    return ended;
  }

  /** The image of every task of the app's that runs. */
  async runningImages(): Promise<string[]> {
    const format = ['--filter', 'desired-state=running', '--format', '{{.Image}} {{.CurrentState}}'];
    const tasks = (await docker(['service', 'ps', ...format, `${this.name}_app`])).split('\n');
    return tasks.filter((task) => / Running /.test(task)).map((task) => task.split(' ')[0] ?? '');
  }

  async query(sql: string): Promise<string> {
    const filter = `label=com.docker.swarm.service.name=${this.name}_postgres`;
    const container = await docker(['ps', '--quiet', '--filter', filter]);
    return docker(['exec', container, 'psql', '-U', 'postgres', '-d', 'zarpe', '-qAt', '-c', sql]);
  }

  async remove(): Promise<void> {
    await docker(['stack', 'rm', this.name]);
    const label = `label=com.docker.stack.namespace=${this.name}`;
    while ((await docker(['ps', '--all', '--quiet', '--filter', label])) !== '') await pause(250);
    const volumes = await docker(['volume', 'ls', '--quiet', '--filter', label]);
    if (volumes !== '') await docker(['volume', 'rm', ...volumes.split('\n')]);
    while ((await docker(['network', 'ls', '--quiet', '--filter', label])) !== '') await pause(250);
  }

  async #deploy(): Promise<void> {
    const files = ['--compose-file', FILE, '--compose-file', this.#override];
    await docker(['stack', 'deploy', '--detach=true', '--resolve-image', 'never', ...files, this.name], {
      env: this.#env,
    });
  }

  async #isComplete(): Promise<boolean> {
    const services = await docker(['stack', 'services', '--format', '{{.Replicas}}', this.name]);
    return services.split('\n').every((replicas) => {
      const [running, wanted] = replicas.split('/');
      return running === wanted;
    });
  }

  async #waitForUpdate(): Promise<string> {
    const filters = ['--filter', 'type=service', '--filter', `service=${this.name}_app`];
    const state = '{{index .Actor.Attributes "updatestate.new"}}';
    const events = spawn('docker', ['events', ...filters, '--format', state], {
      env: dockerEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      for await (const line of createInterface({ input: events.stdout })) {
        if (line === 'completed' || line.endsWith('_completed') || line.endsWith('paused')) return line;
      }
      throw new Error('the events ended');
    } finally {
      events.kill();
    }
  }
}

export async function createStack(env: Record<string, string>): Promise<Stack> {
  await joinSwarm();
  const folder = await createFolder('stack');
  const [password, override] = [join(folder, 'postgres_password'), join(folder, 'override.json')];
  await writeFile(password, randomBytes(12).toString('hex'));
  await writeFile(override, JSON.stringify(IMPATIENT));
  const [port, tlsPort] = [await freePort(), await freePort()];
  const stack = new Stack({
    name: createName('s'),
    port,
    override,
    env: {
      POSTGRES_PASSWORD_FILE: password,
      SITE_ADDRESS: 'http://localhost',
      PROXY_HTTP_PORT: String(port),
      PROXY_HTTPS_PORT: String(tlsPort),
      ...env,
    },
  });
  onCleanup(() => stack.remove());
  return stack;
}
