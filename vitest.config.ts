import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const SECOND = 1000;
const POSTGRES = ['tests/helpers/global-setup.ts'];
const FAULTS = [...POSTGRES, 'tests/faults/global-setup.ts'];
const IMAGES = ['tests/containers/global-setup.ts'];
/** A folder for machine-readable results, which `.ci/run` adds up. */
const reports = process.env.ZARPE_TEST_REPORTS;

function project(name: string, folders: string[], options: { globalSetup: string[]; timeout: number }) {
  return {
    extends: true as const,
    test: {
      name,
      include: folders.map((folder) => `tests/${folder}/**/*.test.ts`),
      globalSetup: options.globalSetup,
      // What hangs must end, on a loaded machine too; no test measures time by these.
      testTimeout: options.timeout,
      hookTimeout: options.timeout,
      expect: { poll: { timeout: options.timeout } },
    },
  };
}

export default defineConfig({
  test: {
    // The processes under test work, the tests wait: a few more files than cores, but not one a core of a big machine.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    setupFiles: ['tests/helpers/setup.ts'],
    reporters: reports
      ? ['default', ['json', { outputFile: join(reports, `${process.pid}.json`) }]]
      : ['default'],
    projects: [
      project('unit', ['unit'], { globalSetup: [], timeout: 60 * SECOND }),
      project('integration', ['integration', 'app'], { globalSetup: POSTGRES, timeout: 60 * SECOND }),
      project('faults', ['faults'], { globalSetup: FAULTS, timeout: 900 * SECOND }),
      project('containers', ['containers'], { globalSetup: IMAGES, timeout: 600 * SECOND }),
    ],
  },
});
