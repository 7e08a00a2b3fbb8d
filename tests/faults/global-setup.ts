/** Once a run of the fault tests: the bundle whose fault points work. */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createFolder } from '../helpers/workspace.ts';
import { buildFaultBundle } from './helpers/fault-bundle.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The entrypoint with fault points that work. */
    faultBundle: string;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const folder = await createFolder('fault-bundle');
  project.provide('faultBundle', await buildFaultBundle(join(folder, 'entrypoint.js')));
}
