import type { ResolvedEnvironment } from './environment.ts';

/**
 * The environment of the seed and the server: that of the container, empty variables included, with the values of the
 * files that Zarpe read and the values it set. The app does not get the alert webhook.
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
