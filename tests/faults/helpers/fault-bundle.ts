/** Builds the entrypoint with fault points that work, into a folder of the tests' own: `npm run build` never does. */
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { entrypoint } from '../../../esbuild.config.mjs';

const faultPoints: Plugin = {
  name: 'fault-points',
  setup({ onResolve }) {
    const path = join(import.meta.dirname, 'fault-point.ts');
    onResolve({ filter: /\/fault-point\.ts$/ }, () => ({ path }));
  },
};

export async function buildFaultBundle(outfile: string): Promise<string> {
  const plugins = [faultPoints, ...(entrypoint.plugins ?? [])];
  await build({ ...entrypoint, outfile, plugins, metafile: false });
  return outfile;
}
