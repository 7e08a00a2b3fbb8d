import { splitStatements } from '../../migrations/script/statements.ts';

/** What a statement of a push drops or gives another type; the names are quoted. */
export interface Change {
  readonly schema: string | undefined;
  readonly table: string;
  /** None where the table is dropped. */
  readonly column: string | undefined;
  /** None where it is dropped. */
  readonly type: string | undefined;
}

const IDENTIFIER = '(?:"[^"]+"|[\\w$]+)';
const NAME = `(?:${IDENTIFIER} \\. )?${IDENTIFIER}`;
const KNOWN = new RegExp(
  `^(?:${[
    `CREATE SCHEMA (?:IF NOT EXISTS )?${NAME}`,
    `CREATE EXTENSION (?:IF NOT EXISTS )?${IDENTIFIER}(?: (?:WITH|SCHEMA|VERSION) .*)?`,
    `CREATE TYPE ${NAME} AS ENUM \\( .* \\)`,
    `CREATE TABLE ${NAME} \\( .* \\)`,
    `CREATE SEQUENCE ${NAME}(?: .*)?`,
    `CREATE (?:UNIQUE )?INDEX ${NAME} ON ${NAME} .*`,
    `ALTER EXTENSION ${IDENTIFIER} .*`,
    `ALTER INDEX ${NAME} RENAME TO ${NAME}`,
    `ALTER SEQUENCE ${NAME} .*`,
    `ALTER TYPE ${NAME} ADD VALUE .*`,
    `ALTER (?:TABLE|TYPE) ${NAME} RENAME TO ${NAME}`,
    `DROP (?:INDEX|TYPE|SEQUENCE) ${NAME}`,
  ].join('|')})$`,
);
const TABLE = '(?:(?<schema>"[^"]+") \\. )?(?<table>"[^"]+")';
const DROPS_TABLE = new RegExp(`^DROP TABLE ${TABLE}$`);
const ALTERS_TABLE = new RegExp(`^ALTER TABLE ${TABLE} (?<clauses>.*)$`);
const CLAUSE = new RegExp(
  `^(?:ADD (?:COLUMN|CONSTRAINT) .*|DROP CONSTRAINT ${IDENTIFIER}|RENAME CONSTRAINT ${IDENTIFIER} TO ${IDENTIFIER}|ALTER COLUMN ${IDENTIFIER} (?:(?:SET|DROP) NOT NULL|SET DEFAULT .*|DROP DEFAULT))$`,
);
const CHANGES_COLUMN =
  /^(?:DROP COLUMN (?<dropped>"[^"]+")|ALTER COLUMN (?<column>"[^"]+") SET DATA TYPE (?<type>.+))$/;

/** What a statement of the schema engine drops and changes; undefined for one that is not known, or more than one. */
export function readPushStatement(sql: string): readonly Change[] | undefined {
  const [statement, another] = splitStatements(sql);
  if (statement === undefined || another !== undefined || statement.open) return undefined;
  if (KNOWN.test(statement.skeleton)) return [];
  const dropped = DROPS_TABLE.exec(statement.skeleton)?.groups;
  if (dropped?.table !== undefined)
    return [{ schema: dropped.schema, table: dropped.table, column: undefined, type: undefined }];
  const { schema, table, clauses } = ALTERS_TABLE.exec(statement.skeleton)?.groups ?? {};
  if (table === undefined || clauses === undefined) return undefined;
  const changes: Change[] = [];
  for (const clause of splitClauses(clauses)) {
    const found = CHANGES_COLUMN.exec(clause)?.groups;
    if (found !== undefined)
      changes.push({ schema, table, column: found.column ?? found.dropped, type: found.type });
    else if (!CLAUSE.test(clause)) return undefined;
  }
  return changes;
}

/** Splits at the commas that are in no parentheses, brackets or names. */
function splitClauses(skeleton: string): string[] {
  const clauses: string[][] = [[]];
  let depth = 0;
  for (const [token] of skeleton.matchAll(/"[^"]*"|\S+/g)) {
    if (/^[([]$/.test(token)) depth += 1;
    if (/^[)\]]$/.test(token)) depth -= 1;
    if (token === ',' && depth === 0) clauses.push([]);
    else clauses.at(-1)?.push(token);
  }
  return clauses.map((tokens) => tokens.join(' '));
}
