import type { Session } from '../../postgres/session.ts';
import type { MigrationRecord } from '../migration-record.ts';
import type { Script } from '../script/script.ts';
import type { Autocommit } from '../script/script-plan.ts';
import type { ScriptLimits } from './script-settings.ts';

/** "scrip" in ASCII: the advisory lock that a script holds as long as it runs. */
export const SCRIPT_LOCK = 0x73_63_72_69_70;

/** A migration to apply, where, and how. */
export interface Application {
  readonly session: Session;
  readonly record: MigrationRecord;
  readonly script: Script;
  readonly options: ApplyOptions;
}

export interface ApplyOptions extends ScriptLimits {
  /** `_prisma_migrations`, qualified and quoted. */
  readonly table: string;
  /** What guards it in the message of a script that is one transaction. */
  readonly guard: readonly string[];
  /** The advisory locks that the session holds, and a script may release. */
  readonly exposed: readonly number[];
  /** Makes sure that it still has them; throws where another session has one by now. */
  readonly keepLocks: () => Promise<void>;
  /** The statements that undo a script's effects on the session. */
  readonly reset: readonly string[];
  /** False behind a pooler, where each query may go to another backend. */
  readonly mayAutocommit: boolean;
  /** Another migration comes after it, which takes it to the disk: a commit flushes all that were before it. */
  readonly isFollowed: boolean;
  /** How many of the script's own transactions an earlier start committed. */
  readonly committed: number;
  /** Whether a signal ends the boot. */
  readonly isEnding: () => boolean;
  /** A query is about to be sent. A cancelled one is rolled back, or its outcome is looked up by the next start. */
  readonly onSend: (query: { readonly isCancellable: boolean }) => void;
  readonly onAnswer: () => void;
  /** The server does not run the script in one transaction; what is done in its place. */
  readonly onRefused: (instead: Autocommit, message: string) => void;
  /** What was found where an earlier start may have been cut off. */
  readonly onFound: (message: string) => void;
  readonly onCommitted: (committed: number, of: number) => void;
  /** Waits a moment for another session that works on the same; rejects when that takes too long. */
  readonly waitFor: (holder: string) => Promise<void>;
}
