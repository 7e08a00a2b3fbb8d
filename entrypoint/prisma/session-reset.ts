import type { Statement } from './statements.ts';

/** Undoes what a script may have left in the session; keeps advisory locks, which DISCARD ALL would not. */
export const RESET_SESSION = [
  'SET SESSION AUTHORIZATION DEFAULT',
  'RESET ROLE',
  'RESET ALL',
  'DEALLOCATE ALL',
  'CLOSE ALL',
  'UNLISTEN *',
  'DISCARD TEMP',
  'DISCARD SEQUENCES',
].join('; ');

/** The same where the session is a pooler's, and its prepared statements are other clients'. */
export const RESET_POOLED = [
  'SET SESSION AUTHORIZATION DEFAULT',
  'RESET ROLE',
  'RESET ALL',
  'DISCARD TEMP',
].join('; ');

const PLAIN =
  /^(?:CREATE (?:UNLOGGED )?TABLE|CREATE (?:UNIQUE )?INDEX|CREATE TYPE|ALTER (?:TABLE|TYPE)|DROP (?:TABLE|INDEX|TYPE)|COMMENT ON|INSERT INTO|UPDATE|DELETE FROM)\b/;

/** Whether all a script does is plain schema and data work, so that the session is after it what it was before. */
export function leavesSessionAlone(statements: readonly Statement[]): boolean {
  return statements.every(({ skeleton, words }) => PLAIN.test(skeleton) && !words.includes('SET_CONFIG'));
}
