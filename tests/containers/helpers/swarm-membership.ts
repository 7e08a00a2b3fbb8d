/** Whether the engine is in a swarm, which a run may change only where it takes it back. */
import { docker, tryDocker } from './docker.ts';

/** A swarm of this node alone, where it is in none; `global-setup.ts` leaves it again. */
export async function joinSwarm(): Promise<void> {
  if (await isInSwarm()) return;
  await docker(['swarm', 'init', '--advertise-addr', '127.0.0.1']);
}

export async function isInSwarm(): Promise<boolean> {
  return (await docker(['info', '--format', '{{.Swarm.LocalNodeState}}'])) === 'active';
}

/**
 * Not while anything runs: an engine that leaves a swarm forgets the names of all containers, on networks that have
 * nothing to do with it too.
 */
export async function leaveSwarm(): Promise<void> {
  if ((await docker(['service', 'ls', '--quiet'])) !== '' || (await docker(['ps', '--quiet'])) !== '') return;
  await docker(['swarm', 'leave', '--force']);
  // Made for the swarm, and not taken away with it.
  await tryDocker(['network', 'rm', 'docker_gwbridge']);
}
