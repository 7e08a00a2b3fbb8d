import type { ServerSource } from '../core/server-source.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { toServerSource } from './server-source.ts';
import { bindAddress, pathUnlessOff, readValues, unlessOff } from './values.ts';
import type { VariableValue } from './variables.ts';

/** Settings that must be known even if the rest of the environment is invalid: how to log, where to report a failure. */
export interface EarlySettings {
  readonly level: VariableValue<'LOG_LEVEL'>;
  readonly format: VariableValue<'LOG_FORMAT'>;
  readonly color: boolean;
  readonly port: number;
  readonly hostname: string;
  readonly server: ServerSource;
  /** Whether anything answers on the port. */
  readonly listens: boolean;
  /** As set: `findHealthPath` adds the default. */
  readonly healthPath: string | undefined;
  readonly bootProbe: boolean;
  readonly holdMs: number | undefined;
  readonly alertWebhook: string | undefined;
  readonly terminationLog: string;
  readonly revision: string | undefined;
}

export function readEarlySettings({ variables }: ResolvedEnvironment): EarlySettings {
  const values = readValues(variables, []);
  return {
    level: values.LOG_LEVEL,
    format: values.LOG_FORMAT,
    color: variables.NO_COLOR === undefined,
    port: values.PORT,
    hostname: bindAddress(values.HOSTNAME),
    server: toServerSource(values, variables),
    listens: values.ENTRYPOINT_HEALTH_PATH !== 'off',
    healthPath: pathUnlessOff(values.ENTRYPOINT_HEALTH_PATH),
    bootProbe: values.ENTRYPOINT_BOOT_PROBE === 'on',
    holdMs: unlessOff(values.ENTRYPOINT_HOLD),
    alertWebhook: values.ENTRYPOINT_ALERT_WEBHOOK,
    terminationLog: values.ENTRYPOINT_TERMINATION_LOG,
    revision: values.ENTRYPOINT_IMAGE_REVISION,
  };
}
