import type { Exclusion } from '../boot-lock.ts';
import type { BootFacts, HookStage, HookTarget } from './settings.ts';

/** What the hooks of a stage run with. */
export interface HookRun {
  readonly stage: HookStage;
  readonly target: HookTarget;
  readonly facts: BootFacts;
  /** What an exclusive hook runs under. */
  readonly exclusion?: Exclusion | undefined;
}
