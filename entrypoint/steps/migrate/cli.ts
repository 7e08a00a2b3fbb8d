import { BootError } from '../../core/errors.ts';
import { LastLines } from '../../lib/last-lines.ts';
import { runChild } from '../../lib/run-child.ts';
import type { MigrateDeps } from './apply-deps.ts';
import { arePending } from './history-errors.ts';
import { migrateTimedOut } from './within-timeout.ts';

/** Applies pending migrations with `prisma migrate deploy` of the app's own CLI, its output in our log. */
export async function migrateWithCli(
  cli: string,
  { target, config, context, log }: MigrateDeps,
  countPending: () => Promise<number>,
): Promise<void> {
  const { timeoutMs } = config;
  const lines = new LastLines();
  const names = target.database.ofApp.flatMap(({ variables }) => variables);
  const options = {
    cwd: target.appDir,
    env: {
      ...target.appEnv,
      // Prisma's own words for its own engine, under whatever name the app's configuration reads.
      ...Object.fromEntries(names.map((name) => [name, target.database.url])),
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
    ...(timeoutMs !== undefined && { timeoutMs }),
    onLine: (line: string) => {
      lines.add(line);
      log.info('output', line);
    },
  };
  const result = await runChild(process.execPath, [cli, 'migrate', 'deploy'], options, context);
  if (result.timedOut && timeoutMs !== undefined) throw migrateTimedOut(timeoutMs);
  context.shutdown.signal.throwIfAborted();
  // A CLI whose engine has died may end with 0 all the same.
  const left = result.status === 0 ? await countPending() : 0;
  if (result.status === 0 && left === 0) return;
  const output = lines.all;
  const code = /\bP\d{4}\b/.exec(output.join('\n'))?.[0];
  throw new BootError(CODES[code ?? ''] ?? 'MIGRATION_FAILED', {
    message: `\`prisma migrate deploy\` ended with exit status ${result.status}${code === undefined ? '' : ` (${code})`}${left === 0 ? '' : `, and ${arePending(left)}`}`,
    hint: 'Its output:',
    details: output,
  });
}

/** Prisma's codes that are not about a migration. */
const CODES: Readonly<
  Record<
    string,
    | 'DATABASE_ACCESS_REFUSED'
    | 'DATABASE_UNAVAILABLE'
    | 'DATABASE_MISSING'
    | 'DATABASE_TLS'
    | 'DATABASE_NOT_EMPTY'
    | 'LOCK_TIMEOUT'
    | 'MIGRATION_UNRESOLVED'
  >
> = {
  P1000: 'DATABASE_ACCESS_REFUSED',
  P1001: 'DATABASE_UNAVAILABLE',
  P1002: 'LOCK_TIMEOUT',
  P1003: 'DATABASE_MISSING',
  P1010: 'DATABASE_ACCESS_REFUSED',
  P1011: 'DATABASE_TLS',
  P1017: 'DATABASE_UNAVAILABLE',
  P3005: 'DATABASE_NOT_EMPTY',
  P3009: 'MIGRATION_UNRESOLVED',
};
