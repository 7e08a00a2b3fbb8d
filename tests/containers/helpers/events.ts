/** Waits for events of the engine's, past ones of this run included. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dockerEnvironment } from './docker.ts';

/** Resolves at the `count`th event `wanted` of a container; rejects when it ends before, or is not started again. */
export async function waitForEvent(container: string, wanted: string, count = 1): Promise<void> {
  const filters = ['--since', '0', '--filter', 'type=container', '--filter', `container=${container}`];
  const events = spawn('docker', ['events', ...filters, '--format', '{{.Action}}'], {
    env: dockerEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let seen = 0;
    for await (const action of createInterface({ input: events.stdout })) {
      if (action === wanted) seen += 1;
      if (seen === count) return;
      if (action === 'die' && wanted !== 'die') break;
    }
    throw new Error(`container ${container} ended without "${wanted}"`);
  } finally {
    events.kill();
  }
}
