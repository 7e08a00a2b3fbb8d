import type { Config } from '../../config.ts';
import type { Context } from '../../core/context.ts';
import type { PrismaFolder } from '../../steps/check-build/check-prisma.ts';
import { ofDatabase } from '../select-database.ts';
import { checkServerConnection } from './check-connection.ts';
import { checkDatabase, type DatabaseReport } from './check-database.ts';

/** The checks of the further databases; each message begins with the name of its database. */
export async function checkFurther(
  config: Config,
  prisma: PrismaFolder | undefined,
  context: Context,
): Promise<DatabaseReport> {
  const reports: DatabaseReport[] = [];
  for (const { name } of config.further) {
    const own = ofDatabase(config, name);
    if (own === undefined) continue;
    const { findings, pending } = await checkDatabase(own, prisma?.further.get(name), context);
    const found = [...findings, ...(await checkServerConnection(own, context))];
    reports.push({
      findings: found
        .filter(({ step }) => step !== 'seed')
        .map((finding) => ({ ...finding, message: `${name}: ${finding.message}` })),
      pending: pending.map((report) => ({ ...report, database: name })),
    });
  }
  return {
    findings: reports.flatMap(({ findings }) => findings),
    pending: reports.flatMap(({ pending }) => pending),
  };
}
