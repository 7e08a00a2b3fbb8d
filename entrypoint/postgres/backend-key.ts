import type { Client } from 'pg';

/** What a server told of the backend when it let us in; null where it told nothing. */
export interface BackendKey {
  readonly pid: number | null;
  readonly secret: number | null;
}

/** Read from where node-postgres keeps it, which is not part of its interface; throws where it does not. */
export function backendKey(client: Client): BackendKey {
  if (!('processID' in client && 'secretKey' in client))
    throw new Error('node-postgres does not keep processID and secretKey in its client');
  return { pid: numberOrNull(client.processID), secret: numberOrNull(client.secretKey) };
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
