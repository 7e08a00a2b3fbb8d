import { isIP } from 'node:net';
import type { SettingProblem } from '../core/errors.ts';
import { VARIABLES } from './variables.ts';

/** The problem of a `DATABASE_HOST` that is not only a host; undefined if there is none. */
export function checkHost(host: string): SettingProblem | undefined {
  const problem = (got: string, hint: string) => ({
    what: 'DATABASE_HOST',
    expected: VARIABLES.DATABASE_HOST.expected,
    got,
    hint,
  });
  const address = host.replace(/^\[(.*)\]$/, '$1');
  // Node.js accepts an address with a zone (fe80::1%eth0), a URL does not.
  if (host.startsWith('/') || (isIP(address) !== 0 && !address.includes('%'))) return undefined;
  if (host.includes('://')) return problem('a URL', 'Set DATABASE_URL instead, or only the host name here.');
  if (host.includes(',')) return problem('several hosts', 'Name only the primary: Zarpe writes to it.');
  if (/^[^:]+:\d+$/.test(host)) return problem('a host with a port', 'Set the port in DATABASE_PORT.');
  if (/[\s/?#@:<>[\]\\^|%]/.test(host)) {
    return problem('a value with a character that no host name has', 'Write only the host name.');
  }
  return undefined;
}
