export interface ExitStatus {
  readonly status: number;
  /** Restarting may help. Otherwise manual action is required, but for 0. */
  readonly retryable: boolean;
  readonly meaning: string;
}

/** The one table of exit statuses. `docs/exit-codes.md`, `explain` and the tests are held to it. */
export const EXIT_STATUS = {
  ok: { status: 0, retryable: false, meaning: 'The command did its work, or the server ended with 0.' },
  usage: { status: 64, retryable: false, meaning: 'Unknown command or flag.' },
  migration: {
    status: 65,
    retryable: false,
    meaning: 'A migration failed, or the migration history needs a decision.',
  },
  build: {
    status: 66,
    retryable: false,
    meaning:
      'The image is incomplete: a file of the build, of Prisma, or of a command that the boot runs is missing.',
  },
  unavailable: {
    status: 69,
    retryable: true,
    meaning: 'The database could not be reached before the deadline.',
  },
  internal: { status: 70, retryable: false, meaning: 'Internal error: a bug in Zarpe, with its stack.' },
  seed: {
    status: 73,
    retryable: false,
    meaning: 'The seed failed, or whether to seed could not be decided.',
  },
  temporary: {
    status: 75,
    retryable: true,
    meaning:
      'A temporary failure: the lock was held for too long, a connection was lost, the port was in use.',
  },
  hook: {
    status: 76,
    retryable: false,
    meaning: 'A hook of `zarpe.config.json` failed.',
  },
  access: {
    status: 77,
    retryable: false,
    meaning: 'The database denied access: password, permission, missing database, or TLS.',
  },
  configuration: { status: 78, retryable: false, meaning: 'Environment variables are missing or malformed.' },
} as const satisfies Record<string, ExitStatus>;

/** What a retryable failure, or another one, asks for. */
export function describeRestart({ retryable }: Pick<ExitStatus, 'retryable'>): string {
  return retryable ? 'restarting may help' : 'manual action required';
}

export type ExitName = keyof typeof EXIT_STATUS;

/** Every failure a user can meet, and the exit status it ends with. */
export const ERROR_CODES = {
  USAGE: 'usage',
  CONFIG_INVALID: 'configuration',
  BUILD_INCOMPLETE: 'build',
  DATABASE_UNAVAILABLE: 'unavailable',
  DATABASE_ACCESS_REFUSED: 'access',
  DATABASE_MISSING: 'access',
  DATABASE_READ_ONLY: 'access',
  DATABASE_TLS: 'access',
  DATABASE_TOO_OLD: 'configuration',
  DATABASE_CONNECTION_LOST: 'temporary',
  POOLER_UNSUITABLE: 'configuration',
  LOCK_TIMEOUT: 'temporary',
  MIGRATION_UNREADABLE: 'migration',
  MIGRATION_FAILED: 'migration',
  MIGRATION_UNRESOLVED: 'migration',
  MIGRATION_HISTORY: 'migration',
  MIGRATION_BLOCKED: 'temporary',
  MIGRATION_TIMEOUT: 'temporary',
  DATABASE_AHEAD: 'migration',
  DATABASE_NOT_EMPTY: 'migration',
  RESOLVE_REFUSED: 'migration',
  BASELINE_REFUSED: 'migration',
  PUSH_REFUSED: 'migration',
  PORT_IN_USE: 'temporary',
  SEED_MISSING: 'build',
  SEED_FAILED: 'seed',
  SEED_UNDECIDED: 'seed',
  HOOK_MISSING: 'build',
  HOOK_FAILED: 'hook',
  PLACEHOLDER_UNFILLABLE: 'build',
  RUNTIME_VALUES_UNWRITABLE: 'configuration',
  SERVER_UNSTARTABLE: 'build',
  OUTPUT_UNWRITABLE: 'temporary',
  PLATFORM_UNSUITABLE: 'configuration',
  RESOURCE_EXHAUSTED: 'temporary',
  INTERNAL: 'internal',
} as const satisfies Record<string, ExitName>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The code of a server that ended by itself and badly: the exit status is the server's own. */
export const SERVER_DIED = 'SERVER_DIED';

interface Hinted {
  /** What to do about it, in one or two sentences. */
  readonly hint: string;
  /** Further lines to read, such as the failing SQL line with its caret. */
  readonly details?: readonly string[];
}

/** A setting or a file that is not as it has to be: which one, what was expected, what was found. */
export interface SettingProblem extends Hinted {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** What went wrong at run time, as one sentence without its full stop. */
export interface RuntimeProblem extends Hinted {
  readonly message: string;
}

export type Problem = SettingProblem | RuntimeProblem;

/** Failures of settings and files; all others happen at run time. TLS fails of both: a certificate's file, a handshake. */
type SettingCode =
  | 'USAGE'
  | 'CONFIG_INVALID'
  | 'BUILD_INCOMPLETE'
  | 'MIGRATION_UNREADABLE'
  | 'SEED_MISSING'
  | 'HOOK_MISSING'
  | 'PLACEHOLDER_UNFILLABLE';

/** The shape of the problems that a code stands for. */
type ProblemOf<Code extends ErrorCode> = Code extends 'DATABASE_TLS'
  ? Problem
  : Code extends SettingCode
    ? SettingProblem
    : RuntimeProblem;

/** A failure with a code, one or more problems, and its cause. Caught once, in `cli.ts`. */
export class BootError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'BootError';
  readonly code: Code;
  readonly problems: readonly ProblemOf<Code>[];

  constructor(code: Code, problems: ProblemOf<Code> | readonly ProblemOf<Code>[], cause?: unknown) {
    const list: readonly ProblemOf<Code>[] = 'hint' in problems ? [problems] : problems;
    super(list.map(describeProblem).join('\n'), cause === undefined ? undefined : { cause });
    this.code = code;
    this.problems = list;
  }

  get exit(): ExitStatus & { readonly name: ExitName } {
    const name = ERROR_CODES[this.code];
    return { ...EXIT_STATUS[name], name };
  }
}

/** What is wrong: a sentence. */
export function describeWrong(problem: Problem): string {
  return 'message' in problem
    ? `${problem.message}.`
    : `${problem.what}: expected ${problem.expected}, got ${problem.got}.`;
}

/** What is wrong and what to do about it, on one line. */
export function describeProblem(problem: Problem): string {
  return `${describeWrong(problem)} ${problem.hint}`;
}
