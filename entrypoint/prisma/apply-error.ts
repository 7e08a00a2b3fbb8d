import type { Atomicity } from './atomicity.ts';
import type { ScriptError } from './script-query.ts';

/** A script that failed: which way it was sent decides what can be left of it. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
  override readonly cause: ScriptError;
  readonly atomicity: Atomicity;

  constructor(cause: ScriptError, atomicity: Atomicity) {
    super(cause.message);
    this.cause = cause;
    this.atomicity = atomicity;
  }
}

/** A script that the server does not run in one transaction, where nothing else will do. Nothing of it was applied. */
export class StepsRefused extends Error {
  override readonly name = 'StepsRefused';
}
