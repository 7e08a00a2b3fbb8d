/** Names that no other run has, and a label by which the end of the run finds what a test left behind. */
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import './context.ts';

export function createName(what: string): string {
  return `zarpe-${inject('run')}-${what}-${randomBytes(3).toString('hex')}`;
}

export function runLabel(): string {
  return `dev.zarpe.test=${inject('run')}`;
}
