import type { Environment } from './read-files.ts';

/** What Kubernetes sets for a service, beside `NAME_PORT=tcp://10.96.0.12:5432`. */
const LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const ADDRESS = /^(?:tcp|udp|sctp):\/\//;

/**
 * An environment without what Kubernetes sets for services named `database` or `entrypoint…`: those variables have names of
 * Zarpe's, and nobody has set them for Zarpe.
 */
export function withoutServiceLinks(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => !isServiceLink(name, value ?? '')));
}

export function isServiceLink(name: string, value: string): boolean {
  if (name !== 'DATABASE_PORT' && !name.startsWith('ENTRYPOINT_')) return false;
  return LINK.test(name) || (name.endsWith('_PORT') && ADDRESS.test(value));
}
