import type { Context } from '../core/context.ts';
import type { Build } from './check-build.ts';
import type { RuntimeValuesConfig } from './runtime-values/settings.ts';
import { wantsExec } from './serve/exec.ts';
import type { ServerConfig } from './serve/settings.ts';

interface Target {
  readonly appDir: string;
  readonly runtimeValues: RuntimeValuesConfig | undefined;
  readonly server: ServerConfig;
}

/** The build with the values of the environment in it: a copy, as an image may be read only. */
export async function putValues(
  build: Build,
  { appDir, runtimeValues, server }: Target,
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
    const target = { appDir, runtimeValues, isSupervised: !wantsExec(server) };
    return writeBuild({ ...build, next }, target, context, log);
  });
}

export const WITHOUT_BUILD =
  '`runtimeValues` has no effect: ENTRYPOINT_SERVER_COMMAND runs another server than that of the standalone build';
