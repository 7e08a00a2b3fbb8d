import type { Config } from '../../config.ts';
import { describeTarget } from '../../lib/connection-settings.ts';
import type { Context } from '../../lib/context.ts';
import { withConnection } from '../../lib/database/connect.ts';
import { classifyConnectionError } from '../../lib/database/connection-error.ts';
import { describeProblem } from '../../lib/errors.ts';
import { type Finding, ok, warning } from './finding.ts';

/** Whether the server's own connection, where `DIRECT_URL` gives us another one, can be opened. */
export async function checkServerConnection(config: Config, { shutdown }: Context): Promise<Finding[]> {
  const { serverConnection } = config.database;
  if (serverConnection === undefined) return [];
  try {
    await withConnection(serverConnection, { signal: shutdown.signal }, async (session) =>
      session.query('select 1'),
    );
    return [ok('database', `the server's own connection (${describeTarget(serverConnection)}) works`)];
  } catch (error) {
    shutdown.signal.throwIfAborted();
    const { problem } = classifyConnectionError(error, serverConnection);
    return [warning('database', `the server would not connect: ${describeProblem(problem)}`)];
  }
}
