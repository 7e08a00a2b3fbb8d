import { faultPoint } from '../../core/fault-point.ts';
import { isConnectionLoss } from '../../postgres/connection-lost.ts';
import type { Session } from '../../postgres/session.ts';
import type { ApplyOptions } from './apply-options.ts';
import type { ComposedQuery } from './composed-query.ts';
import { runQuery, ScriptError } from './script-query.ts';

/**
 * Sends a query that holds a script, or a part of one. Rejects with a ScriptError, when the session is again as it was
 * before: a script that opened a transaction of its own leaves the session inside it.
 */
export async function sendQuery(
  session: Session,
  query: ComposedQuery,
  point: 'script' | 'transactions' | 'standalone' | 'whole',
  { onSend, onAnswer, reset }: ApplyOptions,
): Promise<void> {
  // A script that commits as it likes runs to its end.
  onSend({ isCancellable: point !== 'whole' });
  faultPoint(`${point}:send`);
  try {
    const answer = runQuery(session, query);
    faultPoint(`${point}:sent`);
    await answer;
    faultPoint(`${point}:done`);
  } catch (error) {
    faultPoint(`${point}:failed`);
    onAnswer();
    if (error instanceof ScriptError && error.database !== undefined && !isConnectionLoss(error.cause))
      await session.send(['ROLLBACK', ...reset].join('; '));
    throw error;
  }
  onAnswer();
}
