/** `createNetwork(...options)`: a network of the test's own, gone when the test or the file ends. */
import { onCleanup } from '../../helpers/cleanup.ts';
import { docker } from './docker.ts';
import { createName, runLabel } from './names.ts';

export async function createNetwork(...options: string[]): Promise<string> {
  const name = createName('net');
  await docker(['network', 'create', '--label', runLabel(), ...options, name]);
  onCleanup(async () => {
    await docker(['network', 'rm', name]);
  });
  return name;
}
