/** The fields of the JSON log: the type of each, and its one meaning in every line. Used for types, docs and tests. */
export const FIELDS = {
  time: ['string', 'ISO 8601, UTC.'],
  level: ['string', '`debug`, `info`, `warn`, `error` or `fatal`.'],
  msg: ['string', 'The line for people. Its words may change between versions; event and fields do not.'],
  step: ['string', 'The step of the boot the line belongs to.'],
  event: ['string', 'What happened: one of the events above.'],
  durationMs: ['number', 'Milliseconds that the step, the migration or the whole boot took.'],
  durations: ['object', 'Milliseconds of each step, by its name.'],
  remainingMs: ['number', 'Milliseconds left before Zarpe gives up waiting.'],
  exitStatus: ['number', 'The exit status of Zarpe (`failed` at the end of a boot) or of the server.'],
  retryable: ['boolean', 'Whether restarting may help; otherwise manual action is required.'],
  error: [
    'object',
    '`code`; where the boot ends, also `problems` and `cause`; where it goes on, `message`: see below.',
  ],
  details: ['string[]', 'Further lines to read, such as the SQL around an error.'],
  signal: ['string', 'The signal that ended the boot, such as `SIGTERM`.'],
  pid: ['number', 'Process id of the server.'],
  readyMs: ['number', 'Milliseconds from the start of the server’s process to its first answer.'],
  memory: ['number', 'The memory limit of the container, in bytes.'],
  serverVersion: ['string', 'Version of PostgreSQL.'],
  roundTripMs: ['number', 'Milliseconds of the first query.'],
  encrypted: ['boolean', 'Whether the connection uses TLS.'],
  standby: ['boolean', 'Whether the server is a standby.'],
  pooled: ['boolean', 'Whether a pooler is between Zarpe and the server.'],
  busy: ['boolean', 'Whether another session has a table locked that Zarpe has to read.'],
  buildId: ['string', 'The id of the Next.js build; null without one.'],
  nextVersion: ['string', 'Version of Next.js; null where it is not known.'],
  migration: ['string', 'Name of a migration.'],
  migrations: ['string[]', 'Names of migrations.'],
  statements: ['string[]', 'The statements of a push.'],
  migrationCount: ['number', 'How many migrations: in the image, or applied.'],
  mode: ['string', '`transaction` or `autocommit`: how a migration was applied.'],
  committed: ['number', 'How many of its own transactions a migration has committed.'],
  of: ['number', 'How many transactions of its own a migration has.'],
  attempt: ['number', 'The number of this attempt, from 1.'],
  attempts: ['number', 'How many attempts there are at most.'],
  holder: ['string', 'The session that holds a lock.'],
  rows: ['number', 'Rows of the table that decides about the seed, counted up to a limit.'],
  stream: ['string', '`stdout` or `stderr` of the command.'],
  lines: ['number', 'How many lines of the log are missing.'],
  holdMs: ['number', 'Milliseconds for which the container is held after a failure.'],
} as const satisfies Record<string, readonly [type: FieldType, meaning: string]>;

type FieldType = 'string' | 'number' | 'boolean' | 'string[]' | 'object';
export type FieldName = keyof typeof FIELDS;

interface Event {
  readonly level: readonly ('debug' | 'info' | 'warn' | 'error' | 'fatal')[] | 'info' | 'warn' | 'debug';
  readonly meaning: string;
  /** Beside time, level, msg, step and event. */
  readonly fields?: readonly FieldName[];
}

/** The steps of a boot, as each line of the log names them. */
export const STEPS = {
  config: 'Reads and validates the environment.',
  build: 'Validates the Next.js build and the Prisma folder.',
  values: 'Puts the values of the environment into the build: `runtimeValues` of `zarpe.config.json`.',
  database: 'Waits for PostgreSQL.',
  lock: 'Acquires the boot lock, and the Prisma migration lock.',
  migrate: 'Applies pending migrations.',
  seed: 'Decides whether to seed, and seeds.',
  hook: 'Checks the hooks of `zarpe.config.json`, and runs one of them.',
  server: 'Starts and supervises the server.',
  resolve: 'The command `resolve`.',
  baseline: 'The command `baseline`.',
} as const;

export type StepName = keyof typeof STEPS;

/** The events of the JSON log. */
export const EVENTS = {
  start: { level: 'info', meaning: 'A step begins.' },
  done: {
    level: 'info',
    meaning: 'A step has done its work.',
    fields: [
      'durationMs',
      'serverVersion',
      'roundTripMs',
      'encrypted',
      'standby',
      'pooled',
      'busy',
      'buildId',
      'nextVersion',
      'migration',
      'migrations',
      'statements',
      'migrationCount',
      'rows',
      'pid',
      'exitStatus',
    ],
  },
  skipped: {
    level: 'info',
    meaning: 'A step has nothing to do; `msg` says why.',
    fields: ['durationMs', 'migrationCount', 'rows'],
  },
  failed: {
    level: ['error', 'fatal'],
    meaning:
      'The boot failed (`fatal`: manual action required; `error`: restarting may help), or the server ended by itself (`error`, code `SERVER_DIED`).',
    fields: ['durationMs', 'exitStatus', 'retryable', 'error'],
  },
  continued: {
    level: 'warn',
    meaning:
      'A step failed and its `…_ON_ERROR=continue`, or the `onError` of a hook, lets the boot go on; or the database cannot be used and `ENTRYPOINT_DATABASE=optional`.',
    fields: ['error', 'details'],
  },
  summary: { level: 'info', meaning: 'The boot is over.', fields: ['durationMs', 'durations'] },
  shutdown: { level: 'info', meaning: 'A signal ended the boot.', fields: ['signal'] },
  notice: {
    level: 'info',
    meaning: 'A value of the environment, or the build, was read in a way worth knowing.',
  },
  warning: { level: 'warn', meaning: 'The build is complete but for a detail that may matter.' },
  retry: {
    level: 'info',
    meaning: 'PostgreSQL does not accept connections yet; Zarpe tries again.',
    fields: ['error', 'remainingMs'],
  },
  further: { level: 'info', meaning: 'A further database of `zarpe.config.json` is migrated next.' },
  created: { level: 'info', meaning: 'The database did not exist and was created.' },
  scratch: {
    level: ['info', 'warn'],
    meaning:
      'Of `baseline`: a scratch database was created, an old one was dropped, or one could not be (`warn`).',
  },
  waiting: {
    level: 'info',
    meaning: 'A lock or an index build of another session is waited for.',
    fields: ['remainingMs', 'migration', 'holder'],
  },
  pending: { level: 'info', meaning: 'Migrations are about to be applied.', fields: ['migrations'] },
  applied: {
    level: 'info',
    meaning: 'A migration was applied.',
    fields: ['migration', 'durationMs', 'mode'],
  },
  progress: { level: 'info', meaning: 'A migration is still running.', fields: ['migration', 'holder'] },
  autocommit: {
    level: 'info',
    meaning: 'PostgreSQL refused the migration in one transaction; it runs in autocommit mode.',
    fields: ['migration'],
  },
  found: {
    level: 'info',
    meaning: 'What an interrupted statement of a migration left behind.',
    fields: ['migration'],
  },
  resumed: {
    level: 'info',
    meaning: 'An interrupted migration goes on after the transactions that it committed.',
    fields: ['migration', 'committed'],
  },
  prepared: {
    level: 'warn',
    meaning: 'A migration left prepared transactions, which hold their locks until they are ended.',
    fields: ['migration'],
  },
  committed: {
    level: 'debug',
    meaning: 'A migration committed one of its own transactions.',
    fields: ['migration', 'committed', 'of'],
  },
  blocked: {
    level: 'warn',
    meaning: 'A migration hit its lock timeout, was rolled back and is tried again.',
    fields: ['migration', 'attempt', 'attempts', 'holder'],
  },
  finishing: {
    level: 'warn',
    meaning: 'A signal came while a migration ran that cannot be cancelled.',
    fields: ['migration'],
  },
  ahead: {
    level: 'warn',
    meaning: 'The database has migrations that this image lacks.',
    fields: ['migrations'],
  },
  edited: {
    level: 'warn',
    meaning: 'Applied migrations differ from the files in the image.',
    fields: ['migrations'],
  },
  running: { level: 'info', meaning: 'The seed, a hook or the server was started.', fields: ['pid'] },
  output: {
    level: 'info',
    meaning: 'A line of the seed, of a hook or of the Prisma CLI.',
    fields: ['stream'],
  },
  survived: {
    level: 'warn',
    meaning:
      'What the seed or a hook has started, or the server, runs on: it was left behind, or could not be killed.',
  },
  absent: { level: 'warn', meaning: 'An optional hook is not in the image.' },
  empty: { level: 'warn', meaning: 'The seed succeeded and its table is still empty.' },
  loading: {
    level: 'info',
    meaning: 'The server loads; it will listen once the database is ready.',
    fields: ['pid'],
  },
  deferred: {
    level: 'info',
    meaning: 'The server is started only when the database is ready: too little memory.',
    fields: ['memory'],
  },
  unheld: {
    level: 'warn',
    meaning: 'The loading server started a thread or a process that is not held back.',
  },
  unsignalled: {
    level: 'warn',
    meaning: 'A signal could not be sent to the server, which runs as another user.',
    fields: ['pid'],
  },
  unsupervised: { level: 'warn', meaning: 'Settings that have no effect under `ENTRYPOINT_HANDOVER=exec`.' },
  ready: { level: 'info', meaning: 'The server gave its first answer.', fields: ['readyMs'] },
  silent: { level: 'warn', meaning: 'The server has not answered for a minute.' },
  unprobed: { level: 'warn', meaning: 'The boot probe could not listen on the port.' },
  held: {
    level: 'warn',
    meaning: 'The container is held after a failure (`ENTRYPOINT_HOLD`).',
    fields: ['holdMs'],
  },
  alert: { level: 'warn', meaning: 'The alert webhook did not take the alert.', fields: ['error'] },
  unanswered: {
    level: 'warn',
    meaning: 'The server did not answer while `warm-cache` filled the compile cache.',
  },
  missing: {
    level: 'warn',
    meaning: 'Lines of the log were lost: nobody read them in time.',
    fields: ['lines'],
  },
} as const satisfies Record<string, Event>;

export type EventName = keyof typeof EVENTS;

interface FieldTypes {
  string: string | null;
  number: number;
  boolean: boolean;
  'string[]': readonly string[];
  object: object;
}
type FieldsNamed<Name extends FieldName> = {
  readonly [Key in Name]?: FieldTypes[(typeof FIELDS)[Key][0]] | undefined;
};

/** The fields that a line of an event may carry. */
export type FieldsOf<Name extends EventName> = (typeof EVENTS)[Name] extends {
  readonly fields: readonly (infer Field extends FieldName)[];
}
  ? FieldsNamed<Field>
  : Readonly<Record<never, never>>;
