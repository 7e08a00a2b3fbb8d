import { get } from 'node:http';
import { findHealthPath } from '../core/health-path.ts';
import { localAddress } from '../lib/local-address.ts';
import type { Invocation } from './command.ts';

const TIMEOUT_MS = 3000;

export async function healthcheck({ appDir, early, print }: Invocation): Promise<number> {
  if (!early.listens) {
    print('healthy: nothing listens on PORT (ENTRYPOINT_HEALTH_PATH=off)');
    return 0;
  }
  const host = localAddress(early.hostname);
  const path = findHealthPath(early.healthPath, appDir, early.server);
  const url = `http://${host}:${early.port}${path}`;
  const outcome = await ask(host, early.port, path);
  const healthy = typeof outcome === 'number' && outcome >= 200 && outcome < 300;
  const answer = typeof outcome === 'number' ? `answered ${outcome}` : `failed (${outcome})`;
  const isElsewhere = outcome === 404 || (typeof outcome === 'number' && outcome >= 300 && outcome < 400);
  const hint = isElsewhere ? '. If the health endpoint has another path, set ENTRYPOINT_HEALTH_PATH' : '';
  print(`${healthy ? 'healthy' : 'unhealthy'}: GET ${url} ${answer}${hint}`);
  return healthy ? 0 : 1;
}

/** The status of the response, or the reason why there is none. */
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
        'code' in error && error.name !== 'AbortError'
          ? String(error.code)
          : `no response within ${TIMEOUT_MS} ms`,
      ),
    );
  });
}
