import { accessSync, constants, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { EarlySettings } from './config.ts';
import { codeOf, messageOf } from './lib/database/connection-error.ts';
import type { BootError } from './lib/errors.ts';
import type { Secrets } from './lib/secrets.ts';
import type { Shutdown } from './lib/shutdown.ts';
import type { StepTimer } from './lib/step-log.ts';

/** Kubernetes reads no more of it. */
const LONGEST_TERMINATION_MESSAGE = 4096;

export interface FailureReport {
  readonly log: Logger;
  readonly steps: StepTimer | undefined;
  readonly early: EarlySettings;
  readonly secrets: Secrets;
  readonly shutdown: Shutdown;
}

/** Tells everyone who should know of a failure; answers with its exit status. */
export async function reportFailure(error: BootError, report: FailureReport): Promise<number> {
  const { log, steps, early, secrets } = report;
  const { status, remedy } = error.exit;
  log.error(
    {
      step: steps?.current ?? 'config',
      event: 'failed',
      exitStatus: status,
      retry: remedy === 'again',
      error: { code: error.code, problems: error.problems, cause: describeCause(error.cause) },
    },
    error.message,
  );
  writeTerminationLog(
    early.terminationLog,
    secrets.redact(`${error.code} (exit ${status}): ${error.message}`),
  );
  return status;
}

/** The chain of causes: code and message of each, as the driver, the system or the server gave them. */
function describeCause(cause: unknown): { code: string; message: string; cause?: unknown } | undefined {
  if (cause === undefined) return undefined;
  const deeper = cause instanceof Error && cause.cause !== undefined ? describeCause(cause.cause) : undefined;
  return { code: codeOf(cause), message: messageOf(cause), ...(deeper !== undefined && { cause: deeper }) };
}

/** Writes what Kubernetes shows as the reason of a container's end, where it has laid the file out. */
function writeTerminationLog(path: string, text: string): void {
  try {
    accessSync(path, constants.W_OK);
    writeFileSync(path, text.slice(0, LONGEST_TERMINATION_MESSAGE));
  } catch {
    // Not in Kubernetes, or not allowed to: the log has it all.
  }
}
