import { realpathSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import { collectSecrets, readConfig, readEarlySettings, resolveEnvironment } from './config.ts';
import { toBootError } from './lib/errors.ts';
import { createLogger } from './lib/logger.ts';
import { Secrets } from './lib/secrets.ts';
import { Shutdown, ShutdownError, signalStatus } from './lib/shutdown.ts';
import { StepTimer } from './lib/step-log.ts';
import { helpText, type Parsed, parseArguments } from './parse-arguments.ts';
import { reportFailure } from './report-failure.ts';

declare const ZARPE_VERSION: string;

const shutdown = new Shutdown();
const environment = resolveEnvironment(process.env);
const early = readEarlySettings(environment);
const secrets = new Secrets();
for (const secret of collectSecrets(environment)) secrets.add(secret);

/** The process's edge: argv and environment in, exit status out, the only catch. */
async function main(): Promise<number> {
  const argv = process.argv.slice(2);
  let parsed: Parsed;
  try {
    parsed = parseArguments(argv);
  } catch (error) {
    if (argv.includes('--help') || argv.includes('-h')) return print(helpText(undefined), 0);
    return fail(error, createLog(false), undefined);
  }
  const { command, flags, rest } = parsed;
  if (flags.help === true) return print(helpText(command), 0);
  if (flags.version === true) return print(ZARPE_VERSION, 0);
  const log = createLog(command.printsResult);
  const steps = new StepTimer(log);
  const dieOf = (error: unknown) => void fail(error, log, steps).then((status) => process.exit(status));
  process.on('uncaughtException', dieOf);
  process.on('unhandledRejection', dieOf);
  const appDir = dirname(realpathSync(process.argv[1] ?? '.'));
  try {
    return await command.run({
      flags,
      rest,
      appDir,
      environment,
      early,
      config: () => {
        const config = readConfig(environment, appDir);
        return config;
      },
      context: { log, steps, shutdown },
      print: (text) => print(secrets.redact(text), 0),
    });
  } catch (error) {
    return fail(error, log, steps);
  }
}

function createLog(printsResult: boolean): Logger {
  const fd = printsResult ? 2 : 1;
  return createLogger({
    level: printsResult && early.level === 'info' ? 'warn' : early.level,
    format: early.format,
    color: early.color,
    secrets,
    fd,
    isTerminal: (printsResult ? process.stderr : process.stdout).isTTY === true,
  });
}

async function fail(error: unknown, log: Logger, steps: StepTimer | undefined): Promise<number> {
  if (error instanceof ShutdownError) {
    log.info({ step: steps?.current, event: 'shutdown', signal: error.signal }, error.message);
    return signalStatus(error.signal);
  }
  return reportFailure(toBootError(error), { log, steps, early, secrets, shutdown });
}

function print(text: string, status: number): number {
  writeSync(1, `${text}\n`);
  return status;
}

main().then((status) => process.exit(status));
