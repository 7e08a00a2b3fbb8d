import { guardHistory } from '../../database/history-guard.ts';
import { SAFE_PATH, type Session } from '../../postgres/session.ts';

/** Where the engine's statements run. */
export interface StatementScope {
  /** `_prisma_migrations`, qualified and quoted: the engine names it without a schema. */
  readonly table: string;
  /** Whose the search path and the transaction are: a pooler's session is nobody's own, and each statement sets them. */
  readonly scope: 'session' | 'pooled' | 'transaction';
}

/** Sends a statement so that nothing of another role is run by it: what names the history holds it meanwhile. */
export async function inScope<Answer>(
  session: Session,
  { table, scope }: StatementScope,
  sql: string,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const guard = !sql.includes(table) || createsTable(sql) ? [] : guardHistory(table, accessOf(sql));
  if (scope === 'transaction' && guard.length > 0) await session.send(guard.join('; '));
  if (scope === 'transaction' || (scope === 'session' && guard.length === 0)) return session.answered(send);
  const begin = `begin isolation level read committed; set local search_path = ${SAFE_PATH}`;
  try {
    await session.send([begin, ...guard].join('; '));
    const answer = await session.answered(send);
    await session.send('commit');
    return answer;
  } catch (error) {
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
    throw error;
  }
}

export function createsTable(sql: string): boolean {
  return /^\s*CREATE TABLE\b/.test(sql);
}

function accessOf(sql: string): 'ACCESS SHARE' | 'ROW EXCLUSIVE' {
  return /^\s*SELECT\b/i.test(sql) ? 'ACCESS SHARE' : 'ROW EXCLUSIVE';
}
