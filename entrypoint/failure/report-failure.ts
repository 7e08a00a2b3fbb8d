import type { EarlySettings } from '../config/early-settings.ts';
import type { Context } from '../core/context.ts';
import { type BootError, SERVER_DIED } from '../core/errors.ts';
import { findHealthPath } from '../core/health-path.ts';
import { codeOf, messageOf } from '../lib/describe-error.ts';
import type { Secrets } from '../lib/secrets.ts';
import type { Alert } from './alert.ts';
import { writeTerminationLog } from './termination-log.ts';

export interface FailureContext extends Context {
  readonly appDir: string;
  readonly early: EarlySettings;
  readonly secrets: Secrets;
  /** Whether the command is a boot: only then alerts are sent, and the container may be held. */
  readonly isBoot: boolean;
}

/** Reports a failure to the log, Kubernetes and the webhook, and ends every child. Returns the exit status. */
export async function reportFailure(error: BootError, context: FailureContext): Promise<number> {
  const { log, steps, early, secrets, children, isBoot } = context;
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
  writeTerminationLog(
    early.terminationLog,
    secrets.redact(`${error.code} (exit ${status}): ${error.message}`),
  );
  await children.terminate();
  if (!isBoot) return status;
  const { code, message: summary } = error;
  await alert({ event: 'boot-failed', code, exitStatus: status, step, summary }, context);
  if (early.holdMs !== undefined && !retryable) await holdContainer(error, early.holdMs, context);
  return status;
}

/** Sends an alert if the server exited by itself with another status than 0. */
export async function reportServerDeath(status: number, context: FailureContext): Promise<void> {
  if (status === 0 || context.shutdown.signal.aborted) return;
  const summary = `The server exited unexpectedly with status ${status}.`;
  await alert(
    { event: 'server-died', code: SERVER_DIED, exitStatus: status, step: 'server', summary },
    context,
  );
}

async function alert(details: Alert, { early, secrets, log }: FailureContext): Promise<void> {
  if (early.alertWebhook === undefined) return;
  const { sendAlert } = await import('./alert.ts');
  await sendAlert(details, { webhook: early.alertWebhook, revision: early.revision, secrets, log });
}

async function holdContainer(error: BootError, holdMs: number, context: FailureContext): Promise<void> {
  const { appDir, early, steps, shutdown, log } = context;
  const { hold } = await import('./hold.ts');
  await hold(error, steps.current, {
    holdMs,
    port: early.port,
    hostname: early.hostname,
    healthPath: early.listens ? findHealthPath(early.healthPath, appDir, early.server) : undefined,
    shutdown,
    log,
  });
}

/** The chain of causes: the code and message of each, as the driver, the system or the server reported them. */
function describeCause(cause: unknown): { code: string; message: string; cause?: unknown } | undefined {
  if (cause === undefined) return undefined;
  const deeper = cause instanceof Error && cause.cause !== undefined ? describeCause(cause.cause) : undefined;
  return { code: codeOf(cause), message: messageOf(cause), ...(deeper !== undefined && { cause: deeper }) };
}
