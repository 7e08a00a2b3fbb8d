import { type Migration, readScript } from '../../migrations/migrations-folder.ts';
import type { Statement } from '../../migrations/script/statements.ts';
import { stored } from '../../migrations/script/touched-objects.ts';

const IDENTIFIER = /"(?:[^"]|"")*"|[^\s("]+/.source;
const MAKES_TABLE = new RegExp(
  `^(?:CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?|ALTER TABLE (?=.* RENAME TO )(?:(?:IF EXISTS|ONLY) )*(?:(?<old>${IDENTIFIER}) \\. )?.* RENAME TO )` +
    `(?:(?<schema>${IDENTIFIER}) \\. )?(?<table>${IDENTIFIER})`,
);
/** Statements whose effect on tables only running them would show. */
const OPAQUE = /^(?:DO|CALL|SELECT|WITH|EXECUTE|CREATE EXTENSION)\b|\bSET SCHEMA\b|^CREATE SCHEMA .* CREATE /;

/**
 * Whether scripts create one of the tables, judged by their text.
 * @param schema the schema of names without one
 */
export function makesTable(
  migrations: readonly Migration[],
  tables: readonly string[],
  schema: string,
): 'yes' | 'no' | 'perhaps' {
  const statements = migrations.flatMap((migration) => readScript(migration).statements);
  if (statements.some((statement) => tables.includes(tableMade(statement, schema) ?? ''))) return 'yes';
  return statements.some(({ skeleton }) => OPAQUE.test(skeleton)) ? 'perhaps' : 'no';
}

/** The name of the created table as the server stores it, if it is in the schema. */
function tableMade({ skeleton }: Statement, schema: string): string | undefined {
  const groups = MAKES_TABLE.exec(skeleton)?.groups;
  const [place, name] = [groups?.schema ?? groups?.old, groups?.table].map((part) =>
    part === undefined ? undefined : stored(part),
  );
  return place === undefined || place === schema ? name : undefined;
}
