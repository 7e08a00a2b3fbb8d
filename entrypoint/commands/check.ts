import { styleText } from 'node:util';
import type { ResolvedEnvironment } from '../config/environment.ts';
import type { Settings } from '../config/settings.ts';
import { type AnyConfig, examineConfig } from '../config.ts';
import { BootError, describeWrong, EXIT_STATUS, type SettingProblem } from '../core/errors.ts';
import { toBootError } from '../core/to-boot-error.ts';
import { plainLine, plainLines } from '../lib/plain-text.ts';
import { type Build, describeBuild, readBuild } from '../steps/check-build.ts';
import { checkServerConnection } from './check/check-connection.ts';
import { checkDatabase, type DatabaseReport } from './check/check-database.ts';
import { checkFurther } from './check/check-further.ts';
import { checkHooks } from './check/check-hooks.ts';
import { checkMachine, checkPort } from './check/check-machine.ts';
import { checkValues } from './check/check-values.ts';
import { type Finding, failures, ok, warning } from './check/finding.ts';
import type { Invocation } from './command.ts';

const LOOK = {
  ok: { symbol: '✓', style: 'green' },
  warning: { symbol: '!', style: 'yellow' },
  failure: { symbol: '✗', style: 'red' },
} as const;

/** The dry run: every check of the boot, also after a failure; writes nothing. */
export async function check(invocation: Invocation): Promise<number> {
  const { appDir, context, early, environment, flags, print } = invocation;
  const skipDatabase = flags['skip-database'] === true;
  const { config, settings, problems } = examineConfig(environment, appDir);
  const [build, buildFindings] = tryBuild(settings);
  const toConnect = skipDatabase || config?.database === undefined ? undefined : config;
  const database: DatabaseReport =
    toConnect === undefined
      ? { findings: [], pending: [] }
      : await checkDatabase(toConnect, build?.prisma, context);
  const further = toConnect && (await checkFurther(toConnect, build?.prisma, context));
  const findings = [
    ...checkConfig(environment, skipDatabase ? problems.others : [...problems.database, ...problems.others]),
    ...buildFindings,
    ...(await checkValues(settings, build, context)),
    ...checkHooks({ ...settings, appEnv: { ...environment.given, NODE_ENV: 'production' } }),
    ...(await checkPort(early, { mustBeFree: build?.server.isNextServer === true && !skipDatabase })),
    ...describeOff(config),
    ...(further?.findings ?? []),
    ...database.findings,
    ...(toConnect === undefined ? [] : await checkServerConnection(toConnect, context)),
    ...checkMachine(appDir),
  ];
  const exitStatus = findings.find(({ level }) => level === 'failure')?.exitStatus ?? EXIT_STATUS.ok.status;
  const report = {
    ok: exitStatus === EXIT_STATUS.ok.status,
    exitStatus,
    findings,
    pending: [...(further?.pending ?? []), ...database.pending],
  };
  print(
    flags.json === true
      ? report
      : toTable(findings, exitStatus, { color: early.color && process.stdout.isTTY }),
  );
  return exitStatus;
}

function checkConfig(
  { notices }: ResolvedEnvironment,
  problems: readonly SettingProblem[],
): readonly Finding[] {
  if (problems.length > 0) return failures('config', new BootError('CONFIG_INVALID', problems));
  return [ok('config', 'the configuration is valid'), ...notices.map((notice) => warning('config', notice))];
}

function describeOff(config: AnyConfig | undefined): readonly Finding[] {
  if (config === undefined || config.database !== undefined) return [];
  return [
    ok('database', 'the boot would use no database (ENTRYPOINT_DATABASE=off)'),
    ...config.ignored.map((problem) =>
      warning('database', `${describeWrong(problem)} Only the app uses it.`, [problem.hint]),
    ),
  ];
}

function tryBuild({ appDir, build: config }: Settings): [Build | undefined, readonly Finding[]] {
  try {
    const build = readBuild(appDir, config);
    return [
      build,
      [ok('build', describeBuild(build)), ...build.warnings.map((message) => warning('build', message))],
    ];
  } catch (error) {
    return [undefined, failures('build', toBootError(error))];
  }
}

function toTable(
  findings: readonly Finding[],
  exitStatus: number,
  { color }: { readonly color: boolean },
): string {
  const lines = findings.flatMap(({ step, level, message, details = [] }) => {
    const { symbol, style } = LOOK[level];
    const mark = color ? styleText(style, symbol, { validateStream: false }) : symbol;
    const further = details.flatMap(plainLines).map((text) => `            ${text}`);
    return [`${mark} ${step.padEnd(9)} ${plainLine(message)}`, ...further];
  });
  const verdict =
    exitStatus === 0 ? 'The boot would succeed.' : `The boot would fail with exit code ${exitStatus}.`;
  return [verdict, '', ...lines].join('\n');
}
