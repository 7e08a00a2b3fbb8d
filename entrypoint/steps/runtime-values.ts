import type { Context } from '../core/context.ts';
import type { Build } from './check-build.ts';
import type { RuntimeValuesConfig } from './runtime-values/settings.ts';

/** The build with the values of the environment in it: a copy, as an image may be read only. */
export async function putValues(
  build: Build,
  {
    appDir,
    runtimeValues,
  }: { readonly appDir: string; readonly runtimeValues: RuntimeValuesConfig | undefined },
  context: Context,
): Promise<Build> {
  if (runtimeValues === undefined) return build;
  return context.steps.run('values', async (log) => {
    const { next } = build;
    if (next === undefined) {
      log.warn('warning', WITHOUT_BUILD);
      return build;
    }
    const { writeBuild } = await import('./runtime-values/write-build.ts');
    return writeBuild({ ...build, next }, { appDir, runtimeValues }, context, log);
  });
}

export const WITHOUT_BUILD =
  '`runtimeValues` has no effect: ENTRYPOINT_SERVER_COMMAND runs another server than that of the standalone build';
