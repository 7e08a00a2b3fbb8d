import { realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from './commands/command.ts';
import { collectSecrets } from './config/collect-secrets.ts';
import { readConfigFile } from './config/config-file.ts';
import { readEarlySettings } from './config/early-settings.ts';
import { resolveEnvironment } from './config/environment.ts';
import { readConfig } from './config.ts';
import { EXIT_STATUS } from './core/errors.ts';
import { createLogger } from './core/logger.ts';
import { Output } from './core/output.ts';
import { StepTimer } from './core/step-log.ts';
import { toBootError } from './core/to-boot-error.ts';
import { type FailureContext, reportFailure, reportServerDeath } from './failure/report-failure.ts';
import { helpText } from './help-text.ts';
import { Children } from './lib/children.ts';
import { escapeInJson } from './lib/plain-text.ts';
import { Secrets } from './lib/secrets.ts';
import { Shutdown, ShutdownError, signalStatus } from './lib/shutdown.ts';
import { parseArguments } from './parse-arguments.ts';

declare const ZARPE_VERSION: string;

const appDir = resolve(process.env.ENTRYPOINT_APP_DIR || dirname(realpathSync(process.argv[1] ?? '.')));
const shutdown = new Shutdown();
const children = new Children();
const stdout = new Output(1);
let logOutput = stdout;
const environment = resolveEnvironment(process.env, readConfigFile(appDir));
const early = readEarlySettings(environment);
const secrets = new Secrets();
for (const secret of collectSecrets(environment)) secrets.add(secret);

let context: FailureContext | undefined;
let failure: Promise<number> | undefined;

/** The edge of the process: argv and environment in, exit status out, and the only catch. */
async function main(argv: readonly string[]): Promise<number> {
  try {
    const { command, isNamed, flags, argument, rest } = parseArguments(argv);
    if (flags.help === true) return await printOnly(helpText(isNamed ? command : undefined));
    if (flags.version === true) return await printOnly(ZARPE_VERSION);
    context = createContext(command);
    for (const notice of environment.notices) context.log.info({ step: 'config', event: 'notice' }, notice);
    const config = () => readConfig(environment, appDir);
    const run = await command.load();
    const status = await run({
      flags,
      argument,
      rest,
      appDir,
      environment,
      early,
      config,
      context,
      print,
      printHelp,
    });
    if (command.isBoot && failure === undefined) await reportServerDeath(status, context);
    if (command.printsResult) await stdout.deliver(shutdown.signal);
    return status;
  } catch (error) {
    return fail(error);
  }
}

/** What a command runs with. */
function createContext(command: Command | undefined): FailureContext {
  const printsResult = command?.printsResult === true;
  if (printsResult) logOutput = new Output(2);
  const log = createLogger({
    level: printsResult && early.level === 'info' ? 'warn' : early.level,
    format: early.format,
    color: early.color && logOutput.isTerminal,
    secrets,
    output: logOutput,
  });
  const steps = new StepTimer(log);
  return { log, steps, appDir, early, secrets, shutdown, children, isBoot: command?.isBoot === true };
}

/** Reports the first failure. Later ones are its consequences, and share its exit status. */
function fail(error: unknown): Promise<number> {
  context ??= createContext(undefined);
  failure ??= error instanceof ShutdownError ? reportSignal(error, context) : reportError(error, context);
  return failure;
}

function reportSignal({ signal, message }: ShutdownError, { log, steps }: FailureContext): Promise<number> {
  process.exitCode = signalStatus(signal);
  log.info({ step: steps.current, event: 'shutdown', signal }, message);
  return Promise.resolve(process.exitCode);
}

function reportError(error: unknown, to: FailureContext): Promise<number> {
  const known = toBootError(error);
  process.exitCode = known.exit.status;
  return reportFailure(known, to);
}

/** Handles an uncaught error. If a failure is being reported already, exits at once with the status of that one. */
function handleUncaught(error: unknown): void {
  if (failure === undefined) void fail(error).then(exit);
  else {
    children.kill();
    process.exit();
  }
}

async function exit(status: number): Promise<never> {
  await children.terminate();
  await Promise.all([stdout.drain(), logOutput.drain()]);
  process.exit(status);
}

function print(result: string | object): void {
  stdout.write(
    `${typeof result === 'string' ? secrets.redact(result) : escapeInJson(secrets.stringify(result, 2))}\n`,
  );
}

function printHelp(help: string | object): void {
  stdout.write(`${typeof help === 'string' ? help : JSON.stringify(help, null, 2)}\n`);
}

async function printOnly(help: string): Promise<number> {
  printHelp(help);
  await stdout.deliver(shutdown.signal);
  return EXIT_STATUS.ok.status;
}

process.on('uncaughtException', handleUncaught).on('unhandledRejection', handleUncaught);
void main(process.argv.slice(2)).then(async (status) => exit(await (failure ?? status)));
