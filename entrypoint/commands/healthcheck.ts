import { get } from 'node:http';
import { localAddress } from '../lib/local-address.ts';
import type { Invocation } from './command.ts';

const TIMEOUT_MS = 3000;

export async function healthcheck({ early, print }: Invocation): Promise<number> {
  const host = localAddress(early.hostname);
  const url = `http://${host}:${early.port}${early.healthPath}`;
  const outcome = await ask(host, early.port, early.healthPath);
  const healthy = typeof outcome === 'number' && outcome >= 200 && outcome < 300;
  print(
    `${healthy ? 'healthy' : 'unhealthy'}: GET ${url} ${typeof outcome === 'number' ? `answered ${outcome}` : `failed (${outcome})`}`,
  );
  return healthy ? 0 : 1;
}

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
