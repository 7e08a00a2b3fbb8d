import { splitStatements } from '../../migrations/script/statements.ts';

/** A column that a statement of a push gives another type; the names are quoted. */
export interface TypeChange {
  readonly schema: string | undefined;
  readonly table: string;
  readonly column: string;
  readonly type: string;
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
    `DROP (?:INDEX|TABLE|TYPE|SEQUENCE|EXTENSION) ${NAME}`,
  ].join('|')})$`,
);
const ALTERS_TABLE = /^ALTER TABLE (?:(?<schema>"[^"]+") \. )?(?<table>"[^"]+") (?<clauses>.*)$/;
const CLAUSE = new RegExp(
  `^(?:ADD (?:COLUMN|CONSTRAINT) .*|DROP (?:COLUMN|CONSTRAINT) ${IDENTIFIER}|RENAME CONSTRAINT ${IDENTIFIER} TO ${IDENTIFIER}|ALTER COLUMN ${IDENTIFIER} (?:(?:SET|DROP) NOT NULL|SET DEFAULT .*|DROP DEFAULT))$`,
);
const CHANGES_TYPE = /^ALTER COLUMN (?<column>"[^"]+") SET DATA TYPE (?<type>.+)$/;

/** The types that a statement of the schema engine changes; undefined for one that is not known, or more than one. */
export function readPushStatement(sql: string): readonly TypeChange[] | undefined {
  const [statement, another] = splitStatements(sql);
  if (statement === undefined || another !== undefined || statement.open) return undefined;
  if (KNOWN.test(statement.skeleton)) return [];
  const { schema, table, clauses } = ALTERS_TABLE.exec(statement.skeleton)?.groups ?? {};
  if (table === undefined || clauses === undefined) return undefined;
  const changes: TypeChange[] = [];
  for (const clause of splitClauses(clauses)) {
    const { column, type } = CHANGES_TYPE.exec(clause)?.groups ?? {};
    if (column !== undefined && type !== undefined) changes.push({ schema, table, column, type });
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
