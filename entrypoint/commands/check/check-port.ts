import { type Address, findPortProblem } from '../../steps/check-port.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/**
 * Whether the server will have its port.
 * @param isNeeded the boot would end without it: here, and for a server that is known to listen on it
 */
export async function checkPort(address: Address, isNeeded: boolean): Promise<Finding[]> {
  const problem = await findPortProblem(address);
  if (problem === undefined) return [ok('server', `port ${address.port} on ${address.hostname} is free`)];
  const found = failures('server', problem);
  return isNeeded ? found : found.map(({ message }) => warning('server', message));
}
