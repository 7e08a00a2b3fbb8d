import pg from 'pg';
import { faultPoint } from '../core/fault-point.ts';
import { isPooledHere } from '../postgres/pooled.ts';
import { toProtocolError } from '../postgres/protocol-error.ts';
import { quoteLiteral, SAFE_PATH, type Session } from '../postgres/session.ts';
import { explainPassing } from '../postgres/statement-error.ts';
import { liftTimeLimits } from '../postgres/time-limits.ts';
import { findDoubt, IS_PLAIN_HISTORY } from './history-doubt.ts';
import { readServerFacts, readSurvey, type ServerFacts, type Survey } from './survey-answer.ts';
import { findTables, SERVER_FACTS, surveyQuery, USERS_HIDDEN } from './survey-query.ts';

/** Another relation has the name than a moment ago. */
const CHANGED = ['kind', 'one that was put in the place of another meanwhile'] as const;

/**
 * Reads history, seed count and server facts in one query. The tables may not be there, which a plain query could not
 * be parsed for: `query_to_xml` runs a query given as text, and only where its table is.
 * @param seedTables candidates for the user table, the first that is there counts
 * @param patienceMs how long a table that another session has for itself is waited for; after that, 55P03
 */
export async function survey(
  session: Session,
  seedTables: readonly string[],
  patienceMs: number,
): Promise<Survey> {
  const seen = await ask(session, seedTables, patienceMs, IS_PLAIN_HISTORY);
  if (seen.unusualHistory === null || seen.doubt !== null) return seen;
  const doubt = await findDoubt(session, seen.unusualHistory);
  if (doubt !== null) return { ...seen, doubt };
  const again = await ask(
    session,
    seedTables,
    patienceMs,
    `c.oid = ${quoteLiteral(seen.unusualHistory)}::oid`,
  );
  const changed = again.unusualHistory === null ? again.doubt : (again.doubt ?? CHANGED);
  return { ...again, doubt: changed };
}

/**
 * Asks again without the rows of the user table where PostgreSQL cannot count them: a view may fail in any way.
 * @param isPlain whether the history is read at once, as SQL
 */
async function ask(
  session: Session,
  seedTables: readonly string[],
  patienceMs: number,
  isPlain: string,
): Promise<Survey> {
  const facts = (hidden: string) =>
    askFacts(session, seedTables, patienceMs, surveyQuery(session.settings.schema, isPlain, hidden));
  const answer = await facts(USERS_HIDDEN).catch(async (error: unknown) => {
    if (!(error instanceof pg.DatabaseError) || error.severity === 'FATAL' || explainPassing(error))
      throw error;
    return facts(quoteLiteral(error.message)).catch(() => {
      throw error;
    });
  });
  return readable(() => readSurvey(answer, seedTables));
}

async function askFacts(
  session: Session,
  seedTables: readonly string[],
  patienceMs: number,
  query: string,
): Promise<unknown> {
  faultPoint('survey:before');
  // One simple query is one transaction: what is set local ends with it, behind a pooler too.
  const statements = [
    `set local search_path = ${SAFE_PATH}`,
    liftTimeLimits(isPooledHere(session)),
    `set local lock_timeout = ${patienceMs}`,
    'set local statement_timeout = 0',
    // A policy of another role is an error, and not a function that runs as us.
    'set local row_security = off',
    ...findTables(session.settings.schema, seedTables),
    query,
  ];
  const [row] = await session.send<{ facts: unknown }>(statements.join('; '));
  faultPoint('survey:after');
  return row?.facts;
}

/** The part of it that no lock on a table can delay. */
export async function askServer(session: Session): Promise<ServerFacts> {
  const rows = await session.query<{ facts: unknown }>(
    `${liftTimeLimits(isPooledHere(session))}; select ${SERVER_FACTS} as facts`,
  );
  return readable(() => readServerFacts(rows[0]?.facts));
}

/** What no server answers comes from something else, or from a broken one. */
function readable<Answer>(read: () => Answer): Answer {
  try {
    return read();
  } catch (error) {
    throw toProtocolError(error);
  }
}
