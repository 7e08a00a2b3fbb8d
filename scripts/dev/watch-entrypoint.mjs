import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { context } from 'esbuild';
import { entrypoint, plugins } from '../../esbuild.config.mjs';
import { copyPrismaFolder } from '../build/assemble-standalone.mjs';
import { DEV, ROOT } from '../build/paths.mjs';

/** An editor writes a file in several steps, and a migration is a folder before it is a file. */
const SETTLE_MS = 300;

/**
 * Bundles the entrypoint into dist/dev, beside a copy of prisma/, and again whenever either changes.
 * @param {() => Promise<void>} onBundled
 * @param {() => Promise<void>} onPrismaChange comes before the bundling that follows from it
 * @param {AbortSignal} signal ends the watch
 */
export function watchEntrypoint(onBundled, onPrismaChange, signal) {
  /** @type {(value?: unknown) => void} */
  let settle = () => {};
  const ready = new Promise((resolve) => {
    settle = resolve;
  });
  return { ready, ended: run() };

  async function run() {
    const bundling = await context({
      ...entrypoint,
      outfile: join(DEV, 'entrypoint.js'),
      minify: false,
      sourcemap: 'linked',
      sourcesContent: false,
      plugins: [...plugins({ quick: true }), { name: 'report', setup: report }],
    });
    try {
      await bundling.watch();
      await watchPrisma(() => bundling.rebuild());
    } finally {
      await bundling.dispose();
    }
  }

  /** @param {import('esbuild').PluginBuild} build */
  function report({ onStart, onEnd }) {
    let began = 0;
    onStart(() => {
      began = Date.now();
    });
    onEnd(async ({ errors }) => {
      if (signal.aborted) return;
      if (errors.length > 0)
        console.error('The entrypoint was not bundled. It is tried again when it changes.');
      else {
        await copyPrismaFolder(join(DEV, 'prisma'));
        console.log(`Bundled dist/dev/entrypoint.js in ${Date.now() - began} ms`);
        await onBundled();
      }
      settle();
    });
  }

  /** @param {() => Promise<unknown>} rebuild */
  async function watchPrisma(rebuild) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    try {
      for await (const { filename } of watch(join(ROOT, 'prisma'), { recursive: true, signal })) {
        if (filename?.startsWith('generated')) continue;
        clearTimeout(timer);
        timer = setTimeout(() => void onPrismaChange().then(rebuild).catch(showError), SETTLE_MS);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @param {unknown} error */
function showError(error) {
  console.error(error instanceof Error ? error.message : error);
}
