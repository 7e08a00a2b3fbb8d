import { join } from 'node:path';
import { BootError, type SettingProblem } from '../core/errors.ts';
import { findEncodingFault } from '../lib/decode-utf8.ts';
import { MIGRATION_FILE, type Migration, type MigrationsFolder } from './migrations-folder.ts';

/** The error of pending migrations that are not UTF-8: PostgreSQL would be sent other characters than they hold. */
export function findUnreadable(
  { dir }: MigrationsFolder,
  pending: readonly Migration[],
): BootError | undefined {
  const problems = pending.flatMap(
    ({ name, script }) => problemOf(join(dir, name, MIGRATION_FILE), script) ?? [],
  );
  return problems.length === 0 ? undefined : new BootError('MIGRATION_UNREADABLE', problems);
}

function problemOf(path: string, script: Buffer): SettingProblem | undefined {
  const fault = findEncodingFault(script);
  if (fault === undefined) return undefined;
  const line = script.subarray(0, fault.offset).filter((byte) => byte === 0x0a).length + 1;
  const encoding = fault.isUtf16 ? 'UTF-16' : 'WINDOWS-1252';
  return {
    what: `${path}:${line}`,
    expected: 'a script in UTF-8',
    got: fault.got,
    hint: `Nothing was applied. Save it as UTF-8, for example with iconv -f ${encoding} -t UTF-8.`,
  };
}
