import { planScript, type ScriptPlan } from './script-plan.ts';
import { type Statement, splitStatements } from './statements.ts';

/** The script of a migration, and what its text tells. */
export interface Script {
  /** As it is sent. */
  readonly text: string;
  readonly statements: readonly Statement[];
  readonly plan: ScriptPlan;
}

/** Reads a script. The server refuses a byte order mark; the checksum counts it. */
export function parseScript(content: string): Script {
  const text = content.replace(/^\uFEFF/, '');
  const statements = splitStatements(text);
  return { text, statements, plan: planScript(text, statements) };
}
