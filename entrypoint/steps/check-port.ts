import { createServer } from 'node:net';
import { BootError } from '../core/errors.ts';
import { codeOf, systemTerm } from '../lib/describe-error.ts';

export interface Address {
  readonly port: number;
  readonly hostname: string;
}

/** Listens on the address for an instant. Returns why that failed; undefined if it worked. */
export async function findPortProblem({ port, hostname }: Address): Promise<BootError | undefined> {
  const error = await listenOnce({ port, hostname });
  if (error === undefined) return undefined;
  const code = codeOf(error);
  if (code === 'EADDRINUSE') {
    return new BootError(
      'PORT_IN_USE',
      {
        message: `Port ${port} on ${hostname} is already in use (EADDRINUSE)`,
        hint: 'Stop the process that listens on it, or set another PORT. A server that is still shutting down frees it by itself.',
      },
      error,
    );
  }
  return new BootError(
    'CONFIG_INVALID',
    code === 'EACCES'
      ? {
          what: 'PORT',
          expected: 'a port that the user of this process may listen on',
          got: `${port}: permission denied (EACCES)`,
          hint: 'Set a port above 1023, or allow this one (sysctl net.ipv4.ip_unprivileged_port_start).',
        }
      : {
          what: 'HOSTNAME',
          expected: 'an address of this machine to listen on',
          got: `\`${hostname}\`: ${systemTerm(code) ?? error.message} (${code})`,
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
      // The port is free at once; the callback of `close` would wait for a client that has connected meanwhile.
      server.close();
      resolve(undefined);
    });
  });
}
