import type { Mode } from '../script/script-plan.ts';
import type { ScriptError } from './script-query.ts';

/** What of a script that failed is in the database. */
export type Remains =
  | { readonly kind: 'nothing' }
  /** Some of its own transactions; the record says how many, and the next start goes on after them. */
  | { readonly kind: 'transactions'; readonly committed: number; readonly of: number }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A script that failed, and what is left of it. */
export class ApplyError extends Error {
  override readonly name = 'ApplyError';
  override readonly cause: ScriptError;
  readonly mode: Mode;
  readonly remains: Remains;

  constructor(cause: ScriptError, mode: Mode, remains: Remains) {
    super(cause.message);
    this.cause = cause;
    this.mode = mode;
    this.remains = remains;
  }
}

/** A script that the server does not run in one transaction, where nothing else will do. Nothing of it was applied. */
export class AutocommitRefused extends Error {
  override readonly name = 'AutocommitRefused';
}
