import { ColumnTypeEnum, type SqlResultSet } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { Session } from '../../postgres/session.ts';

/** The oids of "char" and text. */
const [CHAR, TEXT] = [18, 25];

/** Where rows have columns of the type "char", which the adapter does not know, though the catalog has them. */
const charColumns = new WeakMap<object, readonly number[]>();

/** Sends everything through one connection: the engine's session is the one that holds the locks. */
export class SessionPool extends pg.Pool {
  /** @param onError is told of the server's own errors, of which the adapter makes others */
  constructor(session: Session, onError: (error: unknown) => void) {
    super({ max: 1 });
    const { client } = session;
    const ask = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryArrayResult>;
    const send = (...args: unknown[]) =>
      ask(...args).catch((error: unknown) => {
        onError(error);
        throw error;
      });
    this.query = (async (...args: unknown[]) => charAsText(await send(...args))) as typeof this.query;
  }
}

function charAsText(result: pg.QueryArrayResult): pg.QueryArrayResult {
  const columns = result.fields.flatMap(({ dataTypeID }, index) => (dataTypeID === CHAR ? [index] : []));
  for (const field of result.fields) if (field.dataTypeID === CHAR) field.dataTypeID = TEXT;
  charColumns.set(result.rows, columns);
  return result;
}

/** The engine reads those columns as characters. */
export function withChars(answer: SqlResultSet): SqlResultSet {
  for (const index of charColumns.get(answer.rows) ?? [])
    answer.columnTypes[index] = ColumnTypeEnum.Character;
  return answer;
}
