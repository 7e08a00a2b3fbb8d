import * as z from 'zod/mini';
import { DEFAULT_HEALTH_PATH } from '../core/health-path.ts';
import { LOG_LEVELS } from '../core/log-levels.ts';
import { parseDuration } from '../lib/duration.ts';

/** One environment variable: how it is parsed, and how the docs and `explain` describe it. */
export interface Variable<Schema extends z.ZodMiniType = z.ZodMiniType> {
  /** Makes the schema, only once a value is set. */
  readonly schema: () => Schema;
  /** What is expected, as it reads after "expected ". */
  readonly expected: string;
  /** The default as text; undefined if there is none. */
  readonly default?: string;
  /** The default as its schema parses it. */
  readonly fallback?: unknown;
  readonly description: string;
  /** The value is never printed. */
  readonly secret?: true;
  /** The only values there are. */
  readonly values?: readonly string[];
  /** How the value may be written in `zarpe.config.json`, beside a string. */
  readonly form?: 'number' | 'list' | 'command';
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
/** `fetch` rejects a URL with credentials. */
const webhookUrl = () =>
  z.string().check(
    z.refine((value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, username, password } = new URL(value);
      return /^https?:$/.test(protocol) && username === '' && password === '';
    }),
  );
/** As a URL and a header of HTTP can have it. */
const address = () => z.string().check(z.regex(/^[!-~]+$/));
const pathOrOff = () => z.string().check(z.regex(/^(?:\/[!-~]*|off)$/));
const majorVersion = once(() => z.pipe(z.string().check(z.regex(/^[1-9]\d?$/)), z.transform(Number)));
const names = once(() =>
  z.pipe(z.string().check(z.regex(/^\s*[A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*\s*$/)), z.transform(splitNames)),
);

const A_DURATION = 'a duration such as 500ms, 30s or 2m (596h at most)';

function splitNames(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function once<Schema extends z.ZodMiniType>(make: () => Schema): () => Schema {
  let made: Schema | undefined;
  return () => (made ??= make());
}

/** A default and its parsed value: no schema is made for a variable that is not set. */
function defaultsTo<Text extends string>(text: Text, read: (text: string) => unknown = String) {
  return { default: text, fallback: read(text) };
}

type Common<Schema extends z.ZodMiniType> = Pick<Variable<Schema>, 'schema' | 'expected' | 'description'>;

function variable<
  Schema extends z.ZodMiniType,
  Extra extends Pick<Variable, 'default' | 'fallback' | 'secret' | 'values' | 'form'>,
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
  const extra = { ...defaultsTo(fallback), values };
  return variable(() => z.enum(values), values.join(' or '), description, extra);
}

/** Every variable Zarpe reads. The tables in the docs and in `explain` are generated from this one. */
export const VARIABLES = {
  DATABASE_URL: variable(
    text,
    'a PostgreSQL connection string',
    'The database of the app. URL parameters mean what they mean to Prisma.',
    { secret: true },
  ),
  DATABASE_HOST: variable(
    text,
    'a host name, an IP address or a socket directory',
    'With the other `DATABASE_` variables, an alternative to `DATABASE_URL`.',
  ),
  DATABASE_PORT: variable(port, 'a port from 1 to 65535', 'The port of the database server.', {
    ...defaultsTo('5432', Number),
    form: 'number',
  }),
  DATABASE_USER: variable(text, 'a role name', 'The role to connect as.'),
  DATABASE_USERNAME: variable(text, 'a role name', 'Another name for `DATABASE_USER`.'),
  DATABASE_PASSWORD: variable(
    text,
    'a password, not percent-encoded',
    'The password of the role. Any character is allowed.',
    { secret: true },
  ),
  DATABASE_NAME: variable(text, 'a database name', 'The name of the database.'),
  DATABASE_PARAMS: variable(
    text,
    'URL parameters such as schema=app&sslmode=require',
    'The parameters of the connection string.',
  ),
  DATABASE_ARGS: variable(
    text,
    'URL parameters such as schema=app&sslmode=require',
    'Another name for `DATABASE_PARAMS`.',
  ),
  DIRECT_URL: variable(
    text,
    'a PostgreSQL connection string',
    'A connection that bypasses the pooler. Everything except the server uses it.',
    { secret: true },
  ),
  PORT: variable(port, 'a port from 1 to 65535', 'The port the server listens on.', {
    ...defaultsTo('3000', Number),
    form: 'number',
  }),
  HOSTNAME: variable(
    address,
    'an address to bind to',
    'The address the server binds to. The container ID or pod name that Docker or Kubernetes sets is ignored.',
    defaultsTo('0.0.0.0'),
  ),
  NODE_ENV: oneOf(['production', 'development', 'test'], 'Passed to the seed and the server.', 'production'),
  LOG_LEVEL: variable(() => z.enum(LOG_LEVELS), LOG_LEVELS.join(', '), 'The lowest level that is logged.', {
    ...defaultsTo('info'),
    values: LOG_LEVELS,
  }),
  LOG_FORMAT: oneOf(
    ['auto', 'json', 'pretty'],
    '`auto` means `pretty` on a terminal and `json` otherwise.',
    'auto',
  ),
  ENTRYPOINT_REQUIRE_ENV: variable(
    text,
    'a list of names, each with an optional minimum length or kind, such as NEXTAUTH_SECRET:32,NEXTAUTH_URL:url',
    'The variables that the app requires, separated by commas: `NAME`, `NAME:LENGTH` (minimum length) or `NAME:KIND` (`url`, `port`, `email`, `int`, `bool`). `NAME?` is optional. Placeholders such as `changeme` are rejected.',
    { form: 'list' },
  ),
  ENTRYPOINT_DATABASE_URL_FROM: variable(
    names,
    'names of variables, such as POSTGRES_PRISMA_URL,DATABASE_URL',
    'The variables that may hold the connection string of the app, in order: the first that is set is used.',
    { default: 'DATABASE_URL', fallback: ['DATABASE_URL'], form: 'list' },
  ),
  ENTRYPOINT_DIRECT_URL_FROM: variable(
    names,
    'names of variables, such as DATABASE_URL_UNPOOLED,DIRECT_URL',
    'The same for the connection that bypasses the pooler.',
    { default: 'DIRECT_URL', fallback: ['DIRECT_URL'], form: 'list' },
  ),
  ENTRYPOINT_DATABASE: oneOf(
    ['required', 'optional', 'off'],
    '`off`: Zarpe does nothing with a database, and none has to be configured. `optional`: if it cannot be reached within `ENTRYPOINT_DB_TIMEOUT`, or denies access, the server starts with a warning, and migrations and seed are skipped.',
    'required',
  ),
  ENTRYPOINT_DB_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long to wait for the database. One attempt is always made, and has at least a second.',
    defaultsTo('60s', parseDuration),
  ),
  ENTRYPOINT_LOCK_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long to wait for the boot lock while another replica migrates or seeds.',
    defaultsTo('5m', parseDuration),
  ),
  ENTRYPOINT_MIGRATE: oneOf(
    ['deploy', 'push', 'skip'],
    '`deploy` applies pending migrations. `push` brings the database to the schema, for apps without migrations; what would lose data is refused. `skip` does neither, and the image needs no Prisma folder.',
    'deploy',
  ),
  ENTRYPOINT_MIGRATE_ENGINE: oneOf(
    ['embedded', 'cli'],
    '`embedded` runs Prisma’s schema engine in this process; `cli` runs the app’s own Prisma CLI (never downloaded).',
    'embedded',
  ),
  ENTRYPOINT_MIGRATE_ON_ERROR: oneOf(
    ['abort', 'continue'],
    '`continue` logs a warning and starts the server after a failed migration.',
    'abort',
  ),
  ENTRYPOINT_MIGRATE_RETRY_FAILED: oneOf(
    ['on', 'off'],
    '`on`: a migration that failed and was rolled back leaves no record, and the next start retries it. `off`: it leaves a failed record until you run `resolve`, as with Prisma.',
    'on',
  ),
  ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'The `lock_timeout` of migrations: how long one waits for a table lock before it is rolled back and retried.',
    defaultsTo('5s', parseDuration),
  ),
  ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'The `statement_timeout` of migrations: how long one statement may run. `off` keeps the setting of the role.',
    defaultsTo('off'),
  ),
  ENTRYPOINT_MIGRATE_TIMEOUT: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'How long all migrations together may run, without the wait for the boot lock. Then the running one is cancelled and the boot ends with 75.',
    defaultsTo('off'),
  ),
  ENTRYPOINT_DATABASE_MIN_VERSION: variable(
    majorVersion,
    'a major version of PostgreSQL such as 15',
    'The oldest PostgreSQL that the app works with. An older server ends the boot with 78, before migrations.',
    { form: 'number' },
  ),
  ENTRYPOINT_DATABASE_AHEAD: oneOf(
    ['warn', 'refuse'],
    'What to do when the database has migrations that are missing from the image.',
    'warn',
  ),
  ENTRYPOINT_SEED: oneOf(
    ['auto', 'always', 'never'],
    '`auto` seeds the database when its user table is empty.',
    'auto',
  ),
  ENTRYPOINT_SEED_TABLE: variable(
    text,
    'a table name',
    'The table that must be empty for `auto` to seed. If unset: `users`, `User` or `user`. If there is a seed but no such table, the boot ends with 73.',
  ),
  ENTRYPOINT_SEED_COMMAND: variable(
    text,
    'a command',
    'The command that seeds the database. It runs in the app’s folder, without a shell. If unset: `node seed.js` or `node seed.mjs`, if that file exists.',
    { form: 'command' },
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
  ENTRYPOINT_APP_DIR: variable(
    text,
    'a folder',
    'The app’s folder, if `entrypoint.js` is elsewhere. If unset, the folder of `entrypoint.js`.',
  ),
  ENTRYPOINT_SERVER: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'The server file of the standalone build.',
    defaultsTo('server.js'),
  ),
  ENTRYPOINT_SERVER_COMMAND: variable(
    text,
    'a command',
    'The command that runs the server in place of that file, without a shell: `next start`, a custom server, a worker. The image needs no Next.js build then.',
    { form: 'command' },
  ),
  ENTRYPOINT_SERVER_DIR: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'The folder that this command runs in. If unset: the app’s folder.',
  ),
  ENTRYPOINT_PRISMA_DIR: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'The folder of the Prisma schema, or its file.',
    defaultsTo('prisma'),
  ),
  ENTRYPOINT_MIGRATIONS_DIR: variable(
    text,
    'a path, relative to the app’s folder or absolute',
    'The folder of the migrations. If unset: `migrations` beside the schema.',
  ),
  ENTRYPOINT_SHUTDOWN_TIMEOUT: variable(
    duration,
    A_DURATION,
    'How long the server, a seed or a hook may take to end after SIGTERM before it is killed (SIGKILL). If unset, the server is never killed, and a seed or a hook only after its own timeout.',
  ),
  ENTRYPOINT_HANDOVER: oneOf(
    ['spawn', 'exec', 'auto'],
    '`spawn` runs the server as a child process and supervises it. `exec` replaces this process with the server (Node.js 22.15 or later). `auto` uses `exec` unless it is not available or another variable needs supervision.',
    'spawn',
  ),
  ENTRYPOINT_PRELOAD: oneOf(
    ['auto', 'on', 'off'],
    'Whether the server loads while the database is being prepared; it listens only once the database is ready. `auto` does this for the server that Next.js generates, which runs no app code before it listens. Use `on` for another server without side effects before it listens.',
    'auto',
  ),
  ENTRYPOINT_HEALTH_PATH: variable(
    pathOrOff,
    'a path that starts with /, without spaces and percent-encoded, or off',
    'The path that `healthcheck` requests, and that answers during the boot and while the container is held. The default follows the app’s `basePath` and `trailingSlash`. `off`: nothing listens on `PORT`, as for a worker.',
    { default: DEFAULT_HEALTH_PATH },
  ),
  ENTRYPOINT_HOLD: variable(
    durationOrOff,
    `${A_DURATION}, or off`,
    'How long the container stays up, answering 503, after a failure that requires manual action.',
    defaultsTo('off'),
  ),
  ENTRYPOINT_BOOT_PROBE: oneOf(
    ['on', 'off'],
    '`on` answers probes on `PORT` until the server listens.',
    'off',
  ),
  ENTRYPOINT_ALERT_WEBHOOK: variable(
    webhookUrl,
    'an http or https URL without credentials',
    'Receives a POST request when a boot fails or the server dies.',
    { secret: true },
  ),
  ENTRYPOINT_IMAGE_REVISION: variable(
    text,
    'a commit or a version',
    'The version shown in alerts. The Dockerfile sets it from a build argument.',
  ),
  ENTRYPOINT_TERMINATION_LOG: variable(
    text,
    'a file path',
    'Where to write the summary of a failure, if the file exists (Kubernetes shows it).',
    defaultsTo('/dev/termination-log'),
  ),
} as const satisfies Record<string, Variable>;

export type VariableName = keyof typeof VARIABLES;

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[];

/** The value of a variable as its schema reads it. */
export type VariableValue<Name extends VariableName> = z.output<
  ReturnType<(typeof VARIABLES)[Name]['schema']>
>;
