import { type Atomicity, judgeAtomicity } from './atomicity.ts';
import { type Statement, splitStatements } from './statements.ts';

/** The script of a migration, and what its text tells. */
export interface Script {
  /** As it is sent. */
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly atomicity: Atomicity;
}

/** Reads a script. The server refuses a byte order mark; the checksum counts it. */
export function parseScript(content: string): Script {
  const text = content.replace(/^\uFEFF/, '');
  const statements = splitStatements(text);
  return { text, statements, atomicity: judgeAtomicity(statements) };
}
