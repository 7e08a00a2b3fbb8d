import type { Command, Flag } from './command.ts';

const JSON_FLAG = { type: 'boolean', summary: 'Prints JSON' } as const satisfies Flag;

/** Every subcommand, in the order `--help` shows them; the first is the default. Each is loaded when it runs. */
export const COMMANDS = [
  {
    name: 'start',
    summary: 'The whole boot, then the server (the default)',
    usage: '[-- SERVER-ARGUMENT...]',
    flags: {},
    isBoot: true,
    printsResult: false,
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'check',
    summary: 'The dry run of the whole boot, which writes nothing (also --check)',
    usage: '[--json] [--skip-database]',
    flags: {
      json: JSON_FLAG,
      'skip-database': { type: 'boolean', summary: 'Leaves out what needs a database' },
    },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'migrate',
    summary: 'Wait, lock, migrate, exit: for init containers, jobs and release phases',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./migrate.ts')).migrate,
  },
  {
    name: 'status',
    summary: 'The migration history against the folder, read only; 0 only when nothing is to be done',
    usage: '[--json]',
    flags: { json: JSON_FLAG },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'resolve',
    summary: 'Settles a migration that failed: what `prisma migrate resolve` does',
    usage: '--applied NAME | --rolled-back NAME',
    flags: {
      applied: { type: 'string', value: 'NAME', summary: 'All of the migration is in the database' },
      'rolled-back': {
        type: 'string',
        value: 'NAME',
        summary: 'Nothing of it is: the next start applies it again',
      },
    },
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./resolve.ts')).resolve,
  },
  {
    name: 'seed',
    summary: 'The seed step alone',
    usage: '[--force]',
    flags: { force: { type: 'boolean', summary: 'Seeds a database that has users' } },
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./seed.ts')).seed,
  },
  {
    name: 'wait',
    summary: 'The wait for the database alone',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./wait.ts')).wait,
  },
  {
    name: 'healthcheck',
    summary: 'Asks the health endpoint of the server: 0 when it answers 2xx, 1 when not',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./healthcheck.ts')).healthcheck,
  },
  {
    name: 'warm-cache',
    summary: 'Fills NODE_COMPILE_CACHE with compiled code, while an image is built',
    usage: '',
    flags: {},
    isBoot: false,
    printsResult: false,
    load: async () => (await import('./warm-cache.ts')).warmCache,
  },
  {
    name: 'explain',
    summary: 'Prints the table of exit codes and the table of variables',
    usage: '[--json]',
    flags: { json: JSON_FLAG },
    isBoot: false,
    printsResult: true,
    load: async () => (await import('./explain.ts')).explain,
  },
] as const satisfies readonly Command[];

export const [START, CHECK] = COMMANDS;
