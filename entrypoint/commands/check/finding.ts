import { type BootError, describeProblem } from '../../core/errors.ts';
import type { StepName } from '../../core/events.ts';

/** One result of the dry run, as `check --json` prints it: see docs/check.md. */
export interface Finding {
  readonly step: StepName;
  readonly level: 'ok' | 'warning' | 'failure';
  readonly message: string;
  readonly details?: readonly string[];
  /** The exit status of the boot. */
  readonly exitStatus?: number;
  readonly code?: string;
}

export function ok(step: StepName, message: string, details?: readonly string[]): Finding {
  return { step, level: 'ok', message, ...(details !== undefined && { details }) };
}

export function warning(step: StepName, message: string, details?: readonly string[]): Finding {
  return { step, level: 'warning', message, ...(details !== undefined && { details }) };
}

/** One finding for each problem of the error. */
export function failures(step: StepName, error: BootError): Finding[] {
  return error.problems.map((problem) => ({
    step,
    level: 'failure',
    message: describeProblem(problem),
    ...(problem.details !== undefined && { details: problem.details }),
    exitStatus: error.exit.status,
    code: error.code,
  }));
}
