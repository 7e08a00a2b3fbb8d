import { createServer } from 'node:net';
import { BootError } from '../core/errors.ts';
import { codeOf } from '../lib/describe-error.ts';

export interface Address {
  readonly port: number;
  readonly hostname: string;
}

/** Why a server could not listen there, found by doing so for an instant; undefined where it could. */
export async function findPortProblem({ port, hostname }: Address): Promise<BootError | undefined> {
  const error = await listenOnce({ port, hostname });
  if (error === undefined) return undefined;
  const code = codeOf(error);
  const got = `${code} (${error.message})`;
  if (code === 'EADDRINUSE') {
    return new BootError(
      'PORT_IN_USE',
      {
        what: 'PORT',
        expected: `port ${port} on ${hostname} to be free for the server`,
        got: 'one that another process listens on (EADDRINUSE)',
        hint: 'End that process, or set another PORT. A server that is still ending lets go of it by itself.',
      },
      error,
    );
  }
  return new BootError(
    'CONFIG_INVALID',
    code === 'EACCES'
      ? {
          what: 'PORT',
          expected: 'a port that this user may listen on',
          got: `${port}, which is refused (EACCES)`,
          hint: 'Set one above 1023, or allow it (sysctl net.ipv4.ip_unprivileged_port_start).',
        }
      : {
          what: 'HOSTNAME',
          expected: 'an address of this machine to listen on',
          got: `\`${hostname}\`: ${got}`,
          hint: 'Fix it, or remove it to use the default (0.0.0.0).',
        },
    error,
  );
}

function listenOnce({ port, hostname }: Address): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', resolve);
    server.listen(port, hostname, () => {
      // The port is free again at once; the callback of `close` would wait for a client that came in between.
      server.close();
      resolve(undefined);
    });
  });
}
