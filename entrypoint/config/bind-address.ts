import { hostname } from 'node:os';
import { VARIABLES } from './variables.ts';

/** Docker sets `HOSTNAME` to the container ID and Kubernetes to the pod name: neither is an address to bind to. */
export function bindAddress(value: string): string {
  return value === hostname() ? (VARIABLES.HOSTNAME.default ?? value) : value;
}
