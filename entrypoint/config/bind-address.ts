import { hostname } from 'node:os';
import { VARIABLES } from './variables.ts';

/** Docker sets `HOSTNAME` to the container's id, and Kubernetes to the pod's name: neither is meant as an address. */
export function bindAddress(value: string): string {
  return value === hostname() ? (VARIABLES.HOSTNAME.default ?? value) : value;
}
