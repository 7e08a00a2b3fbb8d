import type { Logger } from 'pino';
import type { Children } from '../lib/children.ts';
import type { Secrets } from '../lib/secrets.ts';
import type { Shutdown } from '../lib/shutdown.ts';
import type { StepTimer } from './step-log.ts';

/** What every step receives besides its own settings. */
export interface Context {
  readonly log: Logger;
  readonly steps: StepTimer;
  readonly shutdown: Shutdown;
  readonly children: Children;
  /** For what is cut before it is logged: part of a secret is not found. */
  readonly secrets: Secrets;
}
