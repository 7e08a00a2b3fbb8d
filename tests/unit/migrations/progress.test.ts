import { describe, expect, test } from 'vitest';
import {
  describeProgress,
  failureOf,
  hasProgress,
  readProgress,
} from '../../../entrypoint/migrations/progress.ts';
import { parseScript } from '../../../entrypoint/migrations/script/script.ts';

const SCRIPT =
  'BEGIN; SET LOCAL lock_timeout = 0; CREATE TABLE a (n int);\nCOMMIT; UPDATE a SET n = 1; COMMIT; SELECT 1';

/** What the record of a script says when so many of its transactions are committed. */
function noted(text: string, committed: number): string {
  const script = parseScript(text);
  if (script.plan.autocommit.kind !== 'transactions') throw new Error('it has no transactions of its own');
  return describeProgress(script, script.plan.autocommit.transactions, committed);
}

describe('the progress that a record notes', () => {
  test.each([1, 2])('is read back: %i transactions', (committed) => {
    expect(readProgress(noted(SCRIPT, committed), parseScript(SCRIPT))).toBe(committed);
  });

  test('counts where only line endings, comments or what follows have changed', () => {
    for (const changed of [
      SCRIPT.replaceAll('\n', '\r\n'),
      `-- why\n${SCRIPT}`,
      SCRIPT.replace('UPDATE a SET n = 1', 'UPDATE a SET n = 2'),
      `${SCRIPT}; SELECT 2`,
    ])
      expect(readProgress(noted(SCRIPT, 1), parseScript(changed))).toBe(1);
  });

  test('does not count where what is committed has changed, or there are fewer transactions now', () => {
    const logs = noted(SCRIPT, 2);
    expect(readProgress(logs, parseScript(SCRIPT.replace('n = 1', 'n = 2')))).toBeUndefined();
    expect(readProgress(noted(SCRIPT, 1), parseScript('CREATE TABLE a (n int)'))).toBeUndefined();
    expect(readProgress(null, parseScript(SCRIPT))).toBeUndefined();
    expect(readProgress('ERROR: it failed', parseScript(SCRIPT))).toBeUndefined();
  });

  test.each([
    'SET search_path = app',
    'SET ROLE app',
    'CREATE TEMP TABLE t (n int)',
    "SELECT set_config('a.b', '', false)",
  ])('does not count where the rest may need the session: %s', (statement) => {
    const script = `${statement}; COMMIT; SELECT 1; COMMIT; SELECT 2`;
    expect(readProgress(noted(script, 1), parseScript(script))).toBeUndefined();
  });

  test('goes before what the script failed of', () => {
    const logs = noted(SCRIPT, 1);
    expect(hasProgress(logs)).toBe(true);
    expect(failureOf(logs)).toBeNull();
    expect(hasProgress(`${logs}\nERROR 22012: division by zero`)).toBe(true);
    expect(failureOf(`${logs}\nERROR 22012: division by zero`)).toBe('ERROR 22012: division by zero');
    expect(readProgress(`${logs}\nERROR`, parseScript(SCRIPT))).toBe(1);
    expect(failureOf('ERROR: it failed')).toBe('ERROR: it failed');
    expect(hasProgress('ERROR: it failed')).toBe(false);
  });
});
