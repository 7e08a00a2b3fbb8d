import type { BootProbeConfig } from '../steps/boot-probe.ts';
import type { BuildConfig } from '../steps/check-build.ts';
import type { HooksConfig } from '../steps/hooks/settings.ts';
import type { MigrateConfig } from '../steps/migrate/settings.ts';
import type { RuntimeValuesConfig } from '../steps/runtime-values/settings.ts';
import type { SeedConfig } from '../steps/seed/settings.ts';
import type { ServerConfig } from '../steps/serve/settings.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { toHooks } from './hooks.ts';
import { toRuntimeValues } from './runtime-values.ts';
import { toServerSource } from './server-source.ts';
import { bindAddress, pathUnlessOff, unlessOff, type Values } from './values.ts';

/** The settings of the steps, as far as they do not concern the connection to the database. */
export interface Settings {
  /** The folder of `entrypoint.js`, the server and its build. */
  readonly appDir: string;
  readonly build: BuildConfig;
  readonly runtimeValues: RuntimeValuesConfig | undefined;
  readonly hooks: HooksConfig;
  readonly migrate: MigrateConfig;
  readonly seed: SeedConfig;
  readonly server: ServerConfig & BootProbeConfig;
}

export function toSettings(
  values: Values,
  { variables, sections }: ResolvedEnvironment,
  appDir: string,
): Settings {
  const hooks = toHooks(sections.hooks);
  const runtimeValues = toRuntimeValues(sections.runtimeValues, variables, appDir);
  const hasHooks = Object.values(hooks).flat().length > 0;
  return {
    appDir,
    build: {
      server: toServerSource(values, variables),
      isCopied: hasPlaceholders(runtimeValues),
      prismaDir: values.ENTRYPOINT_PRISMA_DIR,
      migrationsDir: values.ENTRYPOINT_MIGRATIONS_DIR,
      engine: migrationEngine(values),
      further: sections.databases ?? [],
    },
    runtimeValues,
    hooks,
    migrate: {
      mode: values.ENTRYPOINT_MIGRATE,
      onError: values.ENTRYPOINT_MIGRATE_ON_ERROR,
      retryFailed: values.ENTRYPOINT_MIGRATE_RETRY_FAILED === 'on',
      lockTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_LOCK_TIMEOUT),
      statementTimeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT),
      timeoutMs: unlessOff(values.ENTRYPOINT_MIGRATE_TIMEOUT),
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
      hostname: bindAddress(values.HOSTNAME),
      listens: values.ENTRYPOINT_HEALTH_PATH !== 'off',
      healthPath: pathUnlessOff(values.ENTRYPOINT_HEALTH_PATH),
      shutdownTimeoutMs: values.ENTRYPOINT_SHUTDOWN_TIMEOUT,
      handover: values.ENTRYPOINT_HANDOVER,
      // A hook may change files that a loading server has read already.
      preload: values.ENTRYPOINT_PRELOAD === 'auto' && hasHooks ? 'off' : values.ENTRYPOINT_PRELOAD,
      supervised: [
        ...(values.ENTRYPOINT_SHUTDOWN_TIMEOUT === undefined ? [] : ['ENTRYPOINT_SHUTDOWN_TIMEOUT']),
        ...(values.ENTRYPOINT_PRELOAD === 'on' ? ['ENTRYPOINT_PRELOAD'] : []),
        ...(values.ENTRYPOINT_HOLD === 'off' ? [] : ['ENTRYPOINT_HOLD']),
        ...(values.ENTRYPOINT_ALERT_WEBHOOK === undefined ? [] : ['ENTRYPOINT_ALERT_WEBHOOK']),
      ],
      bootProbe: values.ENTRYPOINT_BOOT_PROBE === 'on',
    },
  };
}

/** Only then values are put into `.next`. */
function hasPlaceholders(config: RuntimeValuesConfig | undefined): boolean {
  return config !== undefined && config.placeholders.length + config.prefixes.length > 0;
}

function migrationEngine(values: Values): BuildConfig['engine'] {
  if (values.ENTRYPOINT_MIGRATE === 'skip' || values.ENTRYPOINT_DATABASE === 'off') return 'none';
  return values.ENTRYPOINT_MIGRATE === 'push' ? 'push' : values.ENTRYPOINT_MIGRATE_ENGINE;
}
