import { resolve } from 'node:path';
import type { Logger } from 'pino';
import type { EarlySettings } from '../config/early-settings.ts';
import { type BootError, SERVER_DIED } from '../core/errors.ts';
import { findHealthPath, findNextDir } from '../core/health-path.ts';
import type { StepTimer } from '../core/step-log.ts';
import type { Children } from '../lib/children.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import type { Secrets } from '../lib/secrets.ts';
import type { Shutdown } from '../lib/shutdown.ts';
import { writeTerminationLog } from './termination-log.ts';

export interface FailureReport {
  readonly log: Logger;
  readonly steps: StepTimer;
  readonly appDir: string;
  readonly early: EarlySettings;
  readonly secrets: Secrets;
  readonly shutdown: Shutdown;
  readonly children: Children;
  /** The command was a boot: others are told, and its container may be held. */
  readonly isBoot: boolean;
}

/** Tells everyone who should know of a failure, and ends every child; answers with the exit status. */
export async function reportFailure(error: BootError, report: FailureReport): Promise<number> {
  const { log, steps, appDir, early, secrets, shutdown, children, isBoot } = report;
  const { status, retryable } = error.exit;
  const step = steps.current;
  log[retryable ? 'error' : 'fatal'](
    {
      step,
      event: 'failed',
      exitStatus: status,
      retryable,
      error: { code: error.code, problems: error.problems, cause: describeCause(error.cause) },
    },
    error.message,
  );
  const redact = (text: string) => secrets.redact(text);
  writeTerminationLog(early.terminationLog, redact(`${error.code} (exit ${status}): ${error.message}`));
  await children.end();
  if (!isBoot) return status;
  if (early.alertWebhook !== undefined) {
    const { sendAlert } = await import('./alert.ts');
    const alert = {
      event: 'boot-failed',
      code: error.code,
      exitStatus: status,
      step,
      summary: error.message,
    } as const;
    await sendAlert(early.alertWebhook, alert, early.revision, redact, log);
  }
  if (early.holdMs !== undefined && !retryable) {
    const { hold } = await import('./hold.ts');
    await hold(error, step, {
      holdMs: early.holdMs,
      port: early.port,
      hostname: early.hostname,
      healthPath: findHealthPath(early.healthPath, findNextDir(resolve(appDir, early.serverFile))),
      shutdown,
      log,
    });
  }
  return status;
}

/** Tells of a server that ended by itself, and badly. */
export async function reportServerDeath(status: number, report: FailureReport): Promise<void> {
  const { early, log, secrets, shutdown } = report;
  if (status === 0 || shutdown.signal.aborted || early.alertWebhook === undefined) return;
  const { sendAlert } = await import('./alert.ts');
  const summary = `The server ended with exit status ${status}, and nobody had asked it to.`;
  const alert = {
    event: 'server-died',
    code: SERVER_DIED,
    exitStatus: status,
    step: 'server',
    summary,
  } as const;
  await sendAlert(early.alertWebhook, alert, early.revision, (text) => secrets.redact(text), log);
}

/** The chain of causes: code and message of each, as the driver, the system or the server gave them. */
function describeCause(cause: unknown): { code: string; message: string; cause?: unknown } | undefined {
  if (cause === undefined) return undefined;
  const deeper = cause instanceof Error && cause.cause !== undefined ? describeCause(cause.cause) : undefined;
  return { code: codeOf(cause), message: messageOf(cause), ...(deeper !== undefined && { cause: deeper }) };
}
