/**
 * Once a run of the fault tests: the bundle whose fault points work, and a file for what was tried. With
 * `ZARPE_WRITE_DOCS=1` the results go into `docs/reliability.md` at the end.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createFolder } from '../helpers/workspace.ts';
import { buildFaultBundle } from './helpers/fault-bundle.ts';
import { writeResults } from './helpers/write-results.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The entrypoint with fault points that work. */
    faultBundle: string;
    /** Where `report` writes. */
    faultResults: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await createFolder('faults');
  const results = join(folder, 'results.jsonl');
  await writeFile(results, '');
  project.provide('faultResults', results);
  project.provide('faultBundle', await buildFaultBundle(join(folder, 'entrypoint.js')));
  return async () => {
    if (process.env.ZARPE_WRITE_DOCS === '1') await writeResults(results);
  };
}
