import { driverVariables } from '../postgres/driver-url.ts';
import type { DatabaseConfig } from './database-config.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { bindAddress, type Values } from './values.ts';

/**
 * The environment of the seed and the server: that of the container, empty variables included, with the values of the
 * files that Zarpe read and the values it set, but for the variables that are made of these. The app does not get the alert webhook.
 */
export function appEnvironment(
  { given, fromFiles, fromConfig }: ResolvedEnvironment,
  values: Values,
  ofApp: DatabaseConfig['ofApp'],
): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...given,
    ...fromFiles,
    ...fromConfig,
    ...driverVariables(ofApp),
    PORT: String(values.PORT),
    HOSTNAME: bindAddress(values.HOSTNAME),
    NODE_ENV: values.NODE_ENV,
  };
  delete env.ENTRYPOINT_ALERT_WEBHOOK;
  delete env.ENTRYPOINT_ALERT_WEBHOOK_FILE;
  return env;
}
