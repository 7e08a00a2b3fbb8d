import { dirname, resolve } from 'node:path';
import { appEnvironment } from './config/app-environment.ts';
import { bindAddress } from './config/bind-address.ts';
import { readConnection, readDatabaseUrl } from './config/database-source.ts';
import type { ResolvedEnvironment } from './config/environment.ts';
import { checkRequirement } from './config/required-env.ts';
import { checkSeedCommand } from './config/seed-command.ts';
import { findMisspelt, readValues, unlessOff } from './config/values.ts';
import { BootError, type SettingProblem } from './core/errors.ts';
import type { ConnectionSettings } from './postgres/connection-settings.ts';
import { type AppConnection, driverVariables } from './postgres/driver-url.ts';
import type { BootProbeConfig } from './steps/boot-probe.ts';
import type { BuildConfig } from './steps/check-build.ts';
import type { MigrateConfig } from './steps/migrate/settings.ts';
import type { SeedConfig } from './steps/seed/settings.ts';
import { hasExecve } from './steps/serve/exec.ts';
import type { ServerConfig } from './steps/serve/settings.ts';

/** The validated configuration. Durations are in milliseconds; undefined means off. */
export interface Config {
  /** The folder of `entrypoint.js`, the server and its build. */
  readonly appDir: string;
  readonly build: BuildConfig;
  readonly database: {
    /** The connection of everything here but the server. */
    readonly connection: ConnectionSettings;
    /** The same as a connection string, for tools that want one. Secret. */
    readonly url: string;
    /** The connection of the server, where `DIRECT_URL` gives us another one. */
    readonly serverConnection: ConnectionSettings | undefined;
    /** The connection strings of the seed and the server, as they were given. */
    readonly ofApp: readonly AppConnection[];
    readonly timeoutMs: number;
    readonly lockTimeoutMs: number;
  };
  readonly migrate: MigrateConfig;
  readonly seed: SeedConfig;
  readonly server: ServerConfig & BootProbeConfig;
  /** The environment of the seed and the server, while it is open whether there is TLS: `settleAppEnv`. */
  readonly appEnv: NodeJS.ProcessEnv;
}

/** Validates the whole environment; throws one `CONFIG_INVALID` with every problem there is. */
export function readConfig(environment: ResolvedEnvironment, appDir: string): Config {
  const { variables, requirements } = environment;
  const problems: SettingProblem[] = [...environment.problems];
  const values = readValues(variables, problems);
  problems.push(...findMisspelt(variables), ...checkSeedCommand(values.ENTRYPOINT_SEED_COMMAND));
  for (const required of requirements) {
    const unreadable = problems.some(({ what }) => what === `${required.name}_FILE`);
    const problem = unreadable ? undefined : checkRequirement(required, variables[required.name]);
    if (problem !== undefined) problems.push(problem);
  }
  if (values.ENTRYPOINT_HANDOVER === 'exec' && !hasExecve()) {
    problems.push({
      what: 'ENTRYPOINT_HANDOVER',
      expected: 'Node.js 22.15 or later for exec (process.execve), not on Windows',
      got: `Node.js ${process.versions.node}`,
      hint: 'Use a newer Node.js, or set it to auto or spawn.',
    });
  }
  const serverDir = dirname(resolve(appDir, values.ENTRYPOINT_SERVER));
  const databaseUrl = readDatabaseUrl(values, serverDir, problems);
  const serverConnection = readConnection('DATABASE_URL', databaseUrl, appDir, problems);
  const directConnection = readConnection('DIRECT_URL', values.DIRECT_URL, appDir, problems);
  const connection = directConnection ?? serverConnection;
  if (problems.length > 0 || !connection || databaseUrl === undefined || !serverConnection) {
    throw new BootError('CONFIG_INVALID', problems);
  }
  const ofApp: AppConnection[] = [
    { variable: 'DATABASE_URL', url: databaseUrl, settings: serverConnection },
    ...(values.DIRECT_URL === undefined
      ? []
      : [{ variable: 'DIRECT_URL', url: values.DIRECT_URL, settings: connection } as const]),
  ];
  const hostnameToBind = bindAddress(values.HOSTNAME);
  return {
    appDir,
    build: {
      serverFile: values.ENTRYPOINT_SERVER,
      prismaDir: values.ENTRYPOINT_PRISMA_DIR,
      engine: values.ENTRYPOINT_MIGRATE === 'skip' ? 'none' : values.ENTRYPOINT_MIGRATE_ENGINE,
    },
    database: {
      connection,
      serverConnection: directConnection === undefined ? undefined : serverConnection,
      ofApp,
      url: values.DIRECT_URL ?? databaseUrl,
      timeoutMs: values.ENTRYPOINT_DB_TIMEOUT,
      lockTimeoutMs: values.ENTRYPOINT_LOCK_TIMEOUT,
    },
    migrate: {
      mode: values.ENTRYPOINT_MIGRATE,
      onError: values.ENTRYPOINT_MIGRATE_ON_ERROR,
      retryFailed: values.ENTRYPOINT_MIGRATE_RETRY_FAILED === 'on',
      lockTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_LOCK_TIMEOUT),
      statementTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT),
      whenAhead: values.ENTRYPOINT_DATABASE_AHEAD,
    },
    seed: {
      mode: values.ENTRYPOINT_SEED,
      table: values.ENTRYPOINT_SEED_TABLE,
      command: values.ENTRYPOINT_SEED_COMMAND,
      timeoutMs: values.ENTRYPOINT_SEED_TIMEOUT,
      onError: values.ENTRYPOINT_SEED_ON_ERROR,
    },
    server: {
      port: values.PORT,
      hostname: hostnameToBind,
      healthPath: values.ENTRYPOINT_HEALTH_PATH,
      shutdownTimeoutMs: values.ENTRYPOINT_SHUTDOWN_TIMEOUT,
      handover: values.ENTRYPOINT_HANDOVER,
      preload: values.ENTRYPOINT_PRELOAD,
      supervised: [
        ...(values.ENTRYPOINT_SHUTDOWN_TIMEOUT === undefined ? [] : ['ENTRYPOINT_SHUTDOWN_TIMEOUT']),
        ...(values.ENTRYPOINT_PRELOAD === 'on' ? ['ENTRYPOINT_PRELOAD'] : []),
        ...(values.ENTRYPOINT_HOLD === 'off' ? [] : ['ENTRYPOINT_HOLD']),
        ...(values.ENTRYPOINT_ALERT_WEBHOOK === undefined ? [] : ['ENTRYPOINT_ALERT_WEBHOOK']),
      ],
      bootProbe: values.ENTRYPOINT_BOOT_PROBE === 'on',
    },
    appEnv: appEnvironment(environment, {
      ...driverVariables(ofApp),
      PORT: String(values.PORT),
      HOSTNAME: hostnameToBind,
      NODE_ENV: values.NODE_ENV,
    }),
  };
}
