import type { Config } from '../../config.ts';
import type { Context } from '../../core/context.ts';
import { withConnection } from '../../postgres/connect.ts';
import { toConnectionError } from '../../postgres/connection-error.ts';
import { describeTarget } from '../../postgres/connection-settings.ts';
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
    const { message } = toConnectionError(error, serverConnection);
    return [warning('database', `the server would fail to connect: ${message}`)];
  }
}
