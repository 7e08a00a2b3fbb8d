import { type BootError, describeProblem } from '../../core/errors.ts';
import type { StepName } from '../../core/events.ts';
import { plainLine, plainLines } from '../../lib/plain-text.ts';

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
  return finding(step, 'ok', message, details);
}

export function warning(step: StepName, message: string, details?: readonly string[]): Finding {
  return finding(step, 'warning', message, details);
}

/** One finding for each problem of the error. */
export function failures(step: StepName, error: BootError): Finding[] {
  return error.problems.map((problem) => ({
    ...finding(step, 'failure', describeProblem(problem), problem.details),
    exitStatus: error.exit.status,
    code: error.code,
  }));
}

/** What a name in the database or a file brings into it makes no line of its own. */
function finding(
  step: StepName,
  level: Finding['level'],
  message: string,
  details: readonly string[] | undefined,
): Finding {
  return {
    step,
    level,
    message: plainLine(message),
    ...(details !== undefined && { details: details.flatMap(plainLines) }),
  };
}
