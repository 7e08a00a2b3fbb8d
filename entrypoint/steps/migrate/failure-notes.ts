import type { DatabaseError } from 'pg';
import type { Script } from '../../migrations/script/script.ts';

type Note = readonly [
  code: string,
  note: string,
  isMeant?: (error: DatabaseError, script: Script) => boolean,
];

const NOTES: readonly Note[] = [
  [
    '57014',
    'The role or the database has a statement_timeout: ENTRYPOINT_MIGRATE_STATEMENT_TIMEOUT sets one for migrations.',
    ({ message }) => message.includes('statement timeout'),
  ],
  ['25P04', 'The script set a transaction_timeout: Zarpe lifts the one of the role or the database.'],
  ['2D000', 'A procedure or a DO block that commits must be the only statement of its migration.'],
  [
    '42601',
    'Lines that begin with a backslash are commands of psql, such as the \\restrict that pg_dump writes: remove them.',
    ({ message }) => message.endsWith('at or near "\\"'),
  ],
  [
    '42601',
    'Only psql reads the rows that follow COPY … FROM STDIN: write them as INSERT (pg_dump --inserts).',
    (_error, { statements }) => statements.some(({ skeleton }) => /^COPY\b.*\bFROM STDIN\b/.test(skeleton)),
  ],
];

/** What the server's own words leave out. */
export function noteOn(error: DatabaseError, script: Script): string | undefined {
  return NOTES.find(([code, , isMeant]) => code === error.code && isMeant?.(error, script) !== false)?.[1];
}
