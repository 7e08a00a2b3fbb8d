/** Every way a migration can stand in `_prisma_migrations` and in the folder, each under a name of its own. */

import type { HistoryRow } from '../../entrypoint/database/survey-answer.ts';
import { checksum } from '../../entrypoint/migrations/checksum.ts';
import type { Migration } from '../../entrypoint/migrations/migrations-folder.ts';

type Kind = 'applied' | 'edited' | 'crlf' | 'failed' | 'rolledBack' | 'rolledBackFinished';

export interface HistoryCase {
  name: string;
  inFolder: boolean;
  /** Oldest first. */
  rows: HistoryRow[];
  kinds: Kind[];
}

const SCRIPT = 'CREATE TABLE a (\n  id int\n);\n';
const KINDS: readonly Kind[] = ['applied', 'edited', 'crlf', 'failed', 'rolledBack', 'rolledBackFinished'];

/** Up to two rows of any kind, with and without its folder. */
export function historyCases(): HistoryCase[] {
  const histories: Kind[][] = [[], ...KINDS.map((kind) => [kind])];
  for (const first of KINDS) for (const second of KINDS) histories.push([first, second]);
  return histories.flatMap((kinds) =>
    [true, false].flatMap((inFolder) => {
      if (kinds.length === 0 && !inFolder) return [];
      const name = `${inFolder ? 'kept' : 'gone'}_${kinds.join('_then_') || 'new'}`;
      return [{ name, inFolder, kinds, rows: kinds.map((kind, index) => row(name, kind, index)) }];
    }),
  );
}

export function migrationsOf(cases: readonly HistoryCase[]): Migration[] {
  const names = cases.filter(({ inFolder }) => inFolder).map(({ name }) => name);
  return names.sort().map((name) => ({ name, script: Buffer.from(SCRIPT), checksum: checksum(SCRIPT) }));
}

function row(name: string, kind: Kind, index: number): HistoryRow {
  const rolledBack = kind === 'rolledBack' || kind === 'rolledBackFinished';
  const script = { edited: 'SELECT 1', crlf: SCRIPT.replaceAll('\n', '\r\n') }[String(kind)] ?? SCRIPT;
  return {
    name,
    checksum: checksum(script),
    startedAt: `2026-01-01T00:00:0${index}Z`,
    finished: kind !== 'failed' && kind !== 'rolledBack',
    rolledBack,
    logs: kind === 'failed' || kind === 'rolledBack' ? 'ERROR: it failed' : null,
    id: kind === 'failed' || kind === 'rolledBack' ? `${name} ${index}` : null,
  };
}
