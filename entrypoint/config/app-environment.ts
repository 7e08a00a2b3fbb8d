import type { ResolvedEnvironment } from './environment.ts';

/**
 * The environment of the seed and the server: as it was given to the container, empty variables included, with the
 * values of the files that Zarpe read and what it decided. The address of the alerts is no business of the app.
 */
export function appEnvironment(
  { given, fromFiles }: ResolvedEnvironment,
  decided: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const env = { ...given, ...fromFiles, ...decided };
  delete env.ENTRYPOINT_ALERT_WEBHOOK;
  delete env.ENTRYPOINT_ALERT_WEBHOOK_FILE;
  return env;
}
