import type { Context } from '../core/context.ts';
import { BootError, describeWrong, type SettingProblem } from '../core/errors.ts';
import type { StepName } from '../core/events.ts';
import type { HookTarget, Prepared } from './hooks/settings.ts';
import { type AppTarget, resolveAppEnv } from './resolve-app-env.ts';

interface Offline extends HookTarget {
  /** What is wrong with the connection strings, which only the app uses. */
  readonly ignored: readonly SettingProblem[];
}

/** Logs what is skipped with ENTRYPOINT_DATABASE=off. Returns what the server and its hooks run with. */
export async function skipDatabase(target: Offline, context: Context): Promise<Prepared> {
  for (const problem of target.ignored)
    context.log.warn({ step: 'config', event: 'warning' }, `${describeWrong(problem)} Only the app uses it.`);
  return skip(['database', 'migrate', 'seed'], 'ENTRYPOINT_DATABASE=off', target, context);
}

/** The refusal of a command that is about the database. */
export function noDatabase(command: string): BootError {
  return new BootError('CONFIG_INVALID', {
    what: 'ENTRYPOINT_DATABASE',
    expected: `required or optional for \`${command}\``,
    got: '`off`',
    hint: `\`${command}\` looks at the database: run it with ENTRYPOINT_DATABASE=required.`,
  });
}

/** Whether a failure to connect is one that ENTRYPOINT_DATABASE=optional lets the boot go on with. */
export function isUnreachable(error: unknown): error is BootError {
  return error instanceof BootError && ['unavailable', 'access', 'temporary'].includes(error.exit.name);
}

/** With ENTRYPOINT_DATABASE=optional: warns that the database cannot be used, and skips what needs it. */
export async function continueWithout(
  { code, message }: BootError,
  target: HookTarget & AppTarget,
  context: Context,
): Promise<Prepared> {
  context.log.warn(
    { step: 'database', event: 'continued', error: { code, message } },
    `the database cannot be used and ENTRYPOINT_DATABASE=optional: the server starts without it, not migrated (${code})`,
  );
  const appEnv = await resolveAppEnv(target, undefined, context.shutdown.signal);
  return skip(['migrate', 'seed'], `the database cannot be used (${code})`, { ...target, appEnv }, context);
}

/** Hooks that run in each replica before the server need no database, and are not skipped. */
async function skip(
  names: readonly StepName[],
  why: string,
  { appEnv, hooks }: HookTarget,
  { steps }: Context,
): Promise<Prepared> {
  for (const name of names) await steps.run(name, async (log) => log.skipped(`skipped: ${why}`));
  for (const { name } of [...hooks.beforeMigrate, ...hooks.afterMigrate, ...hooks.beforeServerExclusive])
    await steps.run('hook', async (log) => log.skipped(`hook ${name} skipped: ${why}`));
  return { appEnv, facts: { seeded: false } };
}
