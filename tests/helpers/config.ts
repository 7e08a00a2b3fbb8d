/** `readConnected(resolveEnvironment(env), dir)`: the configuration of an app with a database. */
import type { ResolvedEnvironment } from '../../entrypoint/config/environment.ts';
import { type Config, readConfig } from '../../entrypoint/config.ts';

export function readConnected(environment: ResolvedEnvironment, appDir: string): Config {
  const config = readConfig(environment, appDir);
  if (config.database === undefined) throw new Error('ENTRYPOINT_DATABASE is off');
  return config;
}
