import { styleText } from 'node:util';
import type { Config } from '../config.ts';
import { EXIT_STATUS } from '../core/errors.ts';
import { toBootError } from '../core/to-boot-error.ts';
import { plainLines } from '../lib/plain-text.ts';
import { type Build, type BuildConfig, describeBuild, readBuild } from '../steps/check-build.ts';
import { checkDatabase, type DatabaseReport } from './check/check-database.ts';
import { checkMachine } from './check/check-machine.ts';
import { checkPort } from './check/check-port.ts';
import { checkServerConnection } from './check/check-server-connection.ts';
import { type Finding, failures, ok, warning } from './check/finding.ts';
import type { Invocation } from './command.ts';

const LOOK = {
  ok: { symbol: '✓', style: 'green' },
  warning: { symbol: '!', style: 'yellow' },
  failure: { symbol: '✗', style: 'red' },
} as const;

export async function check(invocation: Invocation): Promise<number> {
  const { flags, print, early } = invocation;
  const skipDatabase = flags['skip-database'] === true;
  const [config, configFindings] = tryConfig(invocation, skipDatabase);
  const [build, buildFindings] = tryBuild(invocation, config);
  const port = await checkPort(early, build?.isNextServer === true && !skipDatabase);
  const database: DatabaseReport =
    config === undefined || skipDatabase
      ? { findings: [], pending: [] }
      : await checkDatabase(config, build?.prisma, invocation.context);
  const server =
    config === undefined || skipDatabase ? [] : await checkServerConnection(config, invocation.context);
  const findings = [
    ...configFindings,
    ...buildFindings,
    ...port,
    ...database.findings,
    ...server,
    ...checkMachine(invocation.appDir),
  ];
  const exitStatus = findings.find(({ level }) => level === 'failure')?.exitStatus ?? EXIT_STATUS.ok.status;
  const report = {
    ok: exitStatus === EXIT_STATUS.ok.status,
    exitStatus,
    findings,
    pending: database.pending,
  };
  print(flags.json === true ? report : toTable(findings, exitStatus, early.color && process.stdout.isTTY));
  return exitStatus;
}

/** Without a database nothing of it needs to be set. */
function tryConfig(
  { config: read, environment }: Invocation,
  skipDatabase: boolean,
): [Config | undefined, Finding[]] {
  const notices = environment.notices.map((notice) => warning('config', notice));
  try {
    return [read(), [ok('config', 'the environment is complete'), ...notices]];
  } catch (error) {
    const found = failures('config', toBootError(error));
    const counting = skipDatabase
      ? found.filter(({ message }) => !/^(?:DATABASE_\w+|DIRECT_URL)\b/.test(message))
      : found;
    return [
      undefined,
      counting.length === 0 ? [ok('config', 'the environment is complete, but for the database')] : counting,
    ];
  }
}

function tryBuild(
  { appDir, environment }: Invocation,
  config: Config | undefined,
): [Build | undefined, Finding[]] {
  try {
    const build = readBuild(appDir, config?.build ?? assumeBuild(environment.variables));
    return [
      build,
      [ok('build', describeBuild(build)), ...build.warnings.map((message) => warning('build', message))],
    ];
  } catch (error) {
    return [undefined, failures('build', toBootError(error))];
  }
}

/** What the build is held against where the environment as a whole is malformed. */
function assumeBuild(variables: Readonly<Record<string, string | undefined>>): BuildConfig {
  const { ENTRYPOINT_MIGRATE, ENTRYPOINT_MIGRATE_ENGINE } = variables;
  const engine = ENTRYPOINT_MIGRATE_ENGINE === 'cli' ? 'cli' : 'embedded';
  return {
    serverFile: variables.ENTRYPOINT_SERVER ?? 'server.js',
    prismaDir: variables.ENTRYPOINT_PRISMA_DIR ?? 'prisma',
    engine: ENTRYPOINT_MIGRATE === 'skip' ? 'none' : engine,
  };
}

function toTable(findings: readonly Finding[], exitStatus: number, color: boolean): string {
  const lines = findings.flatMap(({ step, level, message, details = [] }) => {
    const { symbol, style } = LOOK[level];
    const mark = color ? styleText(style, symbol, { validateStream: false }) : symbol;
    const [first = '', ...further] = [message, ...details].flatMap(plainLines);
    return [`${mark} ${step.padEnd(9)} ${first}`, ...further.map((text) => `            ${text}`)];
  });
  const verdict = exitStatus === 0 ? 'The boot would go through.' : `The boot would end with ${exitStatus}.`;
  return [...lines, '', verdict].join('\n');
}
