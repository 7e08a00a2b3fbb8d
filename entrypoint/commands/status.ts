import { EXIT_STATUS } from '../core/errors.ts';
import { describeScratchDatabases, findScratchDatabases } from '../steps/baseline/find-scratch-databases.ts';
import { checkPrismaFolder } from '../steps/check-build.ts';
import { waitForTableLocks, withDatabase } from '../steps/with-database.ts';
import type { Invocation } from './command.ts';
import { selectDatabase } from './select-database.ts';
import { historyStatus } from './status/history-status.ts';
import { pushStatus } from './status/push-status.ts';

export async function status({ config: read, flags, context, print }: Invocation): Promise<number> {
  const config = selectDatabase(read(), 'status', flags);
  const isPush = config.migrate.mode === 'push';
  const needed = { ...config.build, engine: isPush ? 'push' : 'embedded' } as const;
  const prisma = await checkPrismaFolder(config.appDir, needed, context);
  const { json, text, refusal, isClean, scratchDatabases } = await withDatabase(
    config,
    { createDatabase: false },
    context,
    async (database) => {
      await waitForTableLocks(database, context);
      const scratchDatabases = await findScratchDatabases(database.session);
      const report = await (isPush ? pushStatus : historyStatus)(database, prisma, config);
      return { ...report, scratchDatabases };
    },
  );
  const left = describeScratchDatabases(scratchDatabases);
  print(
    flags.json === true
      ? { ...json, scratchDatabases }
      : [text, ...(left === undefined ? [] : ['', left.message, ...left.commands])].join('\n'),
  );
  if (refusal !== undefined) throw refusal;
  return isClean ? EXIT_STATUS.ok.status : EXIT_STATUS.migration.status;
}
