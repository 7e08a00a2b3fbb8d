import * as z from 'zod/mini';
import { LOG_LEVELS } from '../core/log-levels.ts';
import { parseDuration } from '../lib/duration.ts';
import { DEFAULT_HEALTH_PATH } from '../steps/check-build/health-path.ts';

/** One environment variable: how it is read, and what the docs and `explain` say of it. */
export interface Variable<Schema extends z.ZodMiniType = z.ZodMiniType> {
  /** Makes the schema, when there is something to read. */
  readonly schema: () => Schema;
  /** What is expected, as it reads after "expected ". */
  readonly expected: string;
  /** The default, as it is written; undefined where there is none. */
  readonly default?: string;
  /** What its schema makes of the default. */
  readonly fallback?: unknown;
  readonly description: string;
  /** A value that is never printed. */
  readonly secret?: true;
}

const text = () => z.string();
const duration = once(() =>
  z.pipe(
    z.string().check(z.refine((value) => parseDuration(value) !== undefined)),
    z.transform((value: string) => parseDuration(value) ?? Number.NaN),
  ),
);
const durationOrOff = once(() => z.union([z.literal('off'), duration()]));
const port = once(() =>
  z.pipe(
    z.string().check(
      z.regex(/^\d{1,5}$/),
      z.refine((value) => Number(value) > 0 && Number(value) < 65_536),
    ),
    z.transform(Number),
  ),
);
/** `fetch` takes no credentials in an address. */
const webhookUrl = () =>
  z.string().check(
    z.refine((value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, username, password } = new URL(value);
      return /^https?:$/.test(protocol) && username === '' && password === '';
    }),
  );
const path = () => z.string().check(z.regex(/^\//));

const A_DURATION = 'a duration such as 500ms, 30s or 2m (596h at most)';

function once<Schema extends z.ZodMiniType>(make: () => Schema): () => Schema {
  let made: Schema | undefined;
  return () => (made ??= make());
}

/** A default and what it reads as: an environment in which little is set costs little. */
function defaultsTo<Text extends string>(text: Text, read: (text: string) => unknown = String) {
  return { default: text, fallback: read(text) };
}

type Common<Schema extends z.ZodMiniType> = Pick<Variable<Schema>, 'schema' | 'expected' | 'description'>;

function variable<
  Schema extends z.ZodMiniType,
  Extra extends { default?: string; fallback?: unknown; secret?: true },
>(
  schema: () => Schema,
  expected: string,
  description: string,
  extra?: Extra,
): Common<Schema> & NoInfer<Extra> {
  return { schema, expected, description, ...(extra ?? ({} as Extra)) };
}

function oneOf<const Values extends readonly [string, ...string[]]>(
  values: Values,
  description: string,
  fallback: Values[number],
) {
  return variable(() => z.enum(values), values.join(' or '), description, defaultsTo(fallback));
}

/** Every variable Zarpe reads. The table in the docs and in `explain` is made from this one. */
export const VARIABLES = {
  DATABASE_URL: variable(
    text,
    'a PostgreSQL connection string',
    'The database of the app. Prisma’s parameters mean what they mean to Prisma.',
    { secret: true },
  ),
  DATABASE_HOST: variable(
    text,
    'a host name, an address or a socket folder',
    'With the other parts, instead of `DATABASE_URL`.',
  ),
  DATABASE_PORT: variable(
    port,
    'a port from 1 to 65535',
    'Part of the connection string.',
    defaultsTo('5432', Number),
  ),
  DATABASE_USER: variable(text, 'a role name', 'Part of the connection string.'),
  DATABASE_PASSWORD: variable(
    text,
    'a password, unencoded',
    'Part of the connection string; any character is fine.',
    { secret: true },
  ),
  DATABASE_NAME: variable(text, 'a database name', 'Part of the connection string.'),
  DATABASE_PARAMS: variable(
    text,
    'URL parameters such as schema=app&sslmode=require',
    'Part of the connection string.',
  ),
  DIRECT_URL: variable(
    text,
    'a PostgreSQL connection string',
    'Used for everything but the server: the way around a pooler.',
    { secret: true },
  ),
  PORT: variable(port, 'a port from 1 to 65535', 'The port of the server.', defaultsTo('3000', Number)),
  HOSTNAME: variable(
    text,
    'an address to bind to',
    'The address the server binds to; a container’s own id counts as unset.',
    defaultsTo('0.0.0.0'),
  ),
  NODE_ENV: oneOf(
    ['production', 'development', 'test'],
    'Handed on to the seed and the server.',
    'production',
  ),
  LOG_LEVEL: variable(
    () => z.enum(LOG_LEVELS),
    LOG_LEVELS.join(', '),
    'The least level that is logged.',
    defaultsTo('info'),
  ),
  LOG_FORMAT: oneOf(
    ['auto', 'json', 'pretty'],
    '`auto` is `pretty` on a terminal and `json` elsewhere.',
    'auto',
  ),
  ENTRYPOINT_REQUIRE_ENV: variable(
    text,
    'names with a minimum length or a kind, such as NEXTAUTH_SECRET:32,NEXTAUTH_URL:url',
    'What the app itself needs: `NAME`, `NAME:LENGTH` or `NAME:KIND` (`url`, `port`, `email`, `int`, `bool`), separated by commas; `NAME?` may be missing. Placeholders such as `changeme` are refused.',
  ),
  ENTRYPOINT_DB_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long the database is waited for.',
    defaultsTo('60s', parseDuration),
  ),
  ENTRYPOINT_LOCK_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long another replica that migrates or seeds is waited for.',
    defaultsTo('5m', parseDuration),
  ),
  ENTRYPOINT_MIGRATE: oneOf(
    ['deploy', 'skip'],
    'Whether pending migrations are applied. With `skip` the image needs no Prisma folder.',
    'deploy',
  ),
  ENTRYPOINT_MIGRATE_ENGINE: oneOf(
    ['embedded', 'cli'],
    'Prisma’s schema engine in process, or the app’s own Prisma CLI (never downloaded).',
    'embedded',
  ),
  ENTRYPOINT_MIGRATE_ON_ERROR: oneOf(
    ['abort', 'continue'],
    '`continue` starts the server after a failed migration, with a warning.',
    'abort',
  ),
  ENTRYPOINT_MIGRATE_RETRY_FAILED: oneOf(
    ['on', 'off'],
    '`on`: a migration that failed and was rolled back leaves no record and is tried at the next start. `off`: Prisma’s way, a failed record that waits for `resolve`.',
    'on',
  ),
  ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'How long a migration may wait for a lock on a table before it is rolled back and tried again.',
    defaultsTo('5s', parseDuration),
  ),
  ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'The longest a statement of a migration may run; `off` leaves what the role has.',
    defaultsTo('off'),
  ),
  ENTRYPOINT_DATABASE_AHEAD: oneOf(
    ['warn', 'refuse'],
    'What to do when the database has migrations that the image lacks.',
    'warn',
  ),
  ENTRYPOINT_SEED: oneOf(
    ['auto', 'always', 'never'],
    '`auto` seeds a database whose user table is empty.',
    'auto',
  ),
  ENTRYPOINT_SEED_TABLE: variable(
    text,
    'a table name',
    'The table whose rows are counted; `users`, `User` or `user` when unset. A seed without such a table ends with 73.',
  ),
  ENTRYPOINT_SEED_COMMAND: variable(
    text,
    'a command',
    'What seeds, run in the app’s folder, without a shell; `node seed.js` where that file is.',
  ),
  ENTRYPOINT_SEED_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long the seed may run.',
    defaultsTo('5m', parseDuration),
  ),
  ENTRYPOINT_SEED_ON_ERROR: oneOf(
    ['abort', 'continue'],
    '`continue` starts the server after a failed seed, with a warning.',
    'abort',
  ),
  ENTRYPOINT_SERVER: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'The server of the standalone build.',
    defaultsTo('server.js'),
  ),
  ENTRYPOINT_PRISMA_DIR: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'Where the schema and the migrations are.',
    defaultsTo('prisma'),
  ),
  ENTRYPOINT_SHUTDOWN_TIMEOUT: variable(
    duration,
    A_DURATION,
    'When a server that drains is killed; unset, never.',
  ),
  ENTRYPOINT_HANDOVER: oneOf(
    ['spawn', 'exec', 'auto'],
    '`spawn` supervises the server; `exec` replaces this process by it (Node.js 22.15 or later); `auto` is `exec` where it can be.',
    'spawn',
  ),
  ENTRYPOINT_PRELOAD: oneOf(
    ['auto', 'on', 'off'],
    'Whether the server loads while the database is prepared, and listens when it is. `auto`: where it is the one that Next.js made, which runs nothing of the app before it listens; `on`: any server that does no harm before it listens.',
    'auto',
  ),
  ENTRYPOINT_HEALTH_PATH: variable(
    path,
    'a path that starts with /',
    'What `healthcheck` asks for, and what answers while booting or held. The default is below the app’s `basePath`.',
    { default: DEFAULT_HEALTH_PATH },
  ),
  ENTRYPOINT_HOLD: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'How long the container stays up after a failure that takes a person, answering 503.',
    defaultsTo('off'),
  ),
  ENTRYPOINT_BOOT_PROBE: oneOf(['on', 'off'], '`on` answers probes on `PORT` until the server does.', 'off'),
  ENTRYPOINT_ALERT_WEBHOOK: variable(
    webhookUrl,
    'an http or https URL without credentials',
    'Told of a failed boot and of a server that dies.',
    { secret: true },
  ),
  ENTRYPOINT_IMAGE_REVISION: variable(
    text,
    'a commit or a version',
    'Named in alerts; the Dockerfile sets it from its build argument.',
  ),
  ENTRYPOINT_TERMINATION_LOG: variable(
    text,
    'a file',
    'Where a failure’s summary is written, if the file is there (Kubernetes shows it).',
    defaultsTo('/dev/termination-log'),
  ),
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[];

/** The value of a variable as its schema reads it. */
export type VariableValue<Name extends VariableName> = z.output<
  ReturnType<(typeof VARIABLES)[Name]['schema']>
>;
