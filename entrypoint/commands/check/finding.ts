import type { BootError, Problem } from '../../lib/errors.ts';
import type { StepName } from '../../lib/step-log.ts';

/** One thing the dry run found. The shape of `check --json` is made of these: see docs/check.md. */
export interface Finding {
  readonly step: StepName;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly message: string;
  readonly details?: readonly string[];
  /** The exit status the boot would end with. */
  readonly exitStatus?: number;
  readonly code?: string;
}

export function ok(step: StepName, message: string, details?: readonly string[]): Finding {
  return { step, level: 'ok', message, ...(details !== undefined && { details }) };
}

export function warning(step: StepName, message: string, details?: readonly string[]): Finding {
  return { step, level: 'warning', message, ...(details !== undefined && { details }) };
}

/** One finding a problem of the error. */
export function failures(step: StepName, error: BootError): Finding[] {
  return error.problems.map((problem: Problem) => ({
    step,
    level: 'failure',
    message: `${problem.what}: expected ${problem.expected}, got ${problem.got}. ${problem.action}`,
    ...(problem.details !== undefined && { details: problem.details }),
    exitStatus: error.exit.status,
    code: error.code,
  }));
}
