import { realpathSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isatty } from 'node:tty';
import type { Command } from './commands/command.ts';
import { collectSecrets } from './config/collect-secrets.ts';
import { readEarlySettings } from './config/early-settings.ts';
import { resolveEnvironment } from './config/environment.ts';
import { readConfig } from './config.ts';
import { type FailureReport, reportFailure, reportServerDeath } from './failure/report-failure.ts';
import { toBootError } from './lib/errors.ts';
import { createLogger } from './lib/logger.ts';
import { Secrets } from './lib/secrets.ts';
import { Shutdown, ShutdownError, signalStatus } from './lib/shutdown.ts';
import { StepTimer } from './lib/step-log.ts';
import { helpText, parseArguments } from './parse-arguments.ts';

declare const ZARPE_VERSION: string;

const appDir = dirname(realpathSync(process.argv[1] ?? '.'));
const shutdown = new Shutdown();
const environment = resolveEnvironment(process.env);
const early = readEarlySettings(environment);
const secrets = new Secrets();
for (const secret of collectSecrets(environment)) secrets.add(secret);

/** The process's edge: argv and environment in, exit status out, the only catch. */
async function main(argv: readonly string[]): Promise<number> {
  let report: FailureReport | undefined;
  try {
    const { command, flags, rest } = parseArguments(argv);
    if (flags.help === true) return print(helpText(command));
    if (flags.version === true) return print(ZARPE_VERSION);
    report = openReport(command);
    const { log, steps } = report;
    const config = () => readConfig(environment, appDir);
    const context = { log, steps, shutdown };
    const run = await command.load();
    const status = await run({ flags, rest, appDir, environment, early, config, context, print });
    if (command.isBoot) await reportServerDeath(status, report);
    return status;
  } catch (error) {
    return fail(error, report ?? openReport(undefined));
  }
}

/** Where a command logs, and whom a failure of it is told to. */
function openReport(command: Command | undefined): FailureReport {
  const printsResult = command?.printsResult === true;
  const fd = printsResult ? 2 : 1;
  const isTerminal = isatty(fd);
  const log = createLogger({
    level: printsResult && early.level === 'info' ? 'warn' : early.level,
    format: early.format,
    color: early.color && isTerminal,
    secrets,
    fd,
    isTerminal,
  });
  const report = {
    log,
    steps: new StepTimer(log),
    appDir,
    early,
    secrets,
    shutdown,
    isBoot: command?.isBoot === true,
  };
  process.removeAllListeners('uncaughtException').removeAllListeners('unhandledRejection');
  const die = (error: unknown) => void fail(error, report).then((status) => process.exit(status));
  process.on('uncaughtException', die).on('unhandledRejection', die);
  return report;
}

async function fail(error: unknown, report: FailureReport): Promise<number> {
  if (!(error instanceof ShutdownError)) return reportFailure(toBootError(error), report);
  report.log.info({ step: report.steps.current, event: 'shutdown', signal: error.signal }, error.message);
  return signalStatus(error.signal);
}

function print(result: string | object): number {
  const text = typeof result === 'string' ? secrets.redact(result) : secrets.stringify(result, 2);
  writeSync(1, `${text}\n`);
  return 0;
}

void main(process.argv.slice(2)).then((status) => process.exit(status));
