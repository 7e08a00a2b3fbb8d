import { get } from 'node:http';
import { localAddress } from '../steps/serve.ts';
import type { Command } from './command.ts';

const TIMEOUT_MS = 3000;

export const healthcheck: Command = {
  name: 'healthcheck',
  summary: 'Asks the health endpoint of the server: 0 when it answers 2xx, 1 when not',
  usage: '',
  flags: {},
  isBoot: false,
  printsResult: true,
  async run({ early, print }) {
    const host = localAddress(early.hostname);
    const url = `http://${host}:${early.port}${early.healthPath}`;
    const outcome = await ask(host, early.port, early.healthPath);
    const healthy = typeof outcome === 'number' && outcome >= 200 && outcome < 300;
    print(
      `${healthy ? 'healthy' : 'unhealthy'}: GET ${url} ${typeof outcome === 'number' ? `answered ${outcome}` : `failed (${outcome})`}`,
    );
    return healthy ? 0 : 1;
  },
};

/** The status of the answer, or why there is none. */
function ask(host: string, port: number, path: string): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get(
      { host, port, path, agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    request.on('error', (error) =>
      resolve(
        'code' in error && error.name !== 'AbortError' ? String(error.code) : `no answer in ${TIMEOUT_MS} ms`,
      ),
    );
  });
}
