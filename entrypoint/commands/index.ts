import type { Command, Flag } from './command.ts';

const JSON_FLAG = { type: 'boolean', summary: 'Prints JSON' } as const satisfies Flag;
const DATABASE_FLAG = {
  type: 'string',
  value: 'NAME',
  summary: 'Takes a database of `databases` in zarpe.config.json in place of the first',
} as const satisfies Flag;

/** Every command, in the order of `--help`. The first is the default. Each module is loaded only when it runs. */
export const COMMANDS = [
  {
    name: 'start',
    summary: 'Runs the whole boot, then the server (the default)',
    usage: '[-- SERVER-ARGUMENT...]',
    flags: {},
    isBoot: true,
    printsResult: false,
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'check',
    summary: 'Dry run of the boot: checks everything and writes nothing (also --check)',
    usage: '[--json] [--skip-database]',
    flags: {
      json: JSON_FLAG,
      'skip-database': { type: 'boolean', summary: 'Skips the checks that need a database' },
    },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'migrate',
    summary: 'Waits, locks, migrates and exits: for init containers, jobs and release phases',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'status',
    summary: 'Compares the migration history with the folder; exits with 0 only if they match',
    usage: '[--json] [--database NAME]',
    flags: { json: JSON_FLAG, database: DATABASE_FLAG },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'resolve',
    summary: 'Records the state of a failed migration, as `prisma migrate resolve` does',
    usage: '--applied|--rolled-back NAME [--database NAME]',
    flags: {
      database: DATABASE_FLAG,
      applied: { type: 'string', value: 'NAME', summary: 'All of the migration is in the database' },
      'rolled-back': {
        type: 'string',
        value: 'NAME',
        summary: 'Nothing of it is in the database: the next start applies it again',
      },
    },
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./resolve.ts')).resolve,
  },
  {
    name: 'baseline',
    summary:
      'Records the migrations up to NAME as applied, after it has proved that they make the schema that is there',
    usage: 'NAME [--database NAME]',
    takesArgument: true,
    flags: { database: DATABASE_FLAG },
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./baseline.ts')).baseline,
  },
  {
    name: 'seed',
    summary: 'Runs only the seed',
    usage: '[--force]',
    flags: { force: { type: 'boolean', summary: 'Seeds even if the user table has rows' } },
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./seed.ts')).seed,
  },
  {
    name: 'wait',
    summary: 'Waits for the database, creates it if it is missing, and exits',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./wait.ts')).wait,
  },
  {
    name: 'healthcheck',
    summary: 'Requests the health endpoint of the server: exits with 0 for 2xx, with 1 otherwise',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./healthcheck.ts')).healthcheck,
  },
  {
    name: 'find-placeholders',
    summary: 'Lists the placeholders of the build for the start, while an image is built (`runtimeValues`)',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./find-placeholders.ts')).findPlaceholdersOfImage,
  },
  {
    name: 'warm-cache',
    summary: 'Fills the compile cache (NODE_COMPILE_CACHE) while an image is built',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./warm-cache.ts')).warmCache,
  },
  {
    name: 'explain',
    summary: 'Prints the exit codes and the variables',
    usage: '[--json]',
    flags: { json: JSON_FLAG },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./explain.ts')).explain,
  },
] as const satisfies readonly Command[];

export const [START, CHECK] = COMMANDS;
