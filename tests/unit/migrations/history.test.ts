import { describe, expect, test } from 'vitest';
import { compareHistory } from '../../../entrypoint/migrations/history.ts';
import { historyCases, migrationsOf } from '../../helpers/histories.ts';

function compare(name: string) {
  const cases = historyCases().filter((one) => one.name === name);
  const status = compareHistory(
    cases.flatMap(({ rows }) => rows),
    migrationsOf(cases),
    { retryFailed: true },
  );
  expect(cases).toHaveLength(1);
  return Object.entries({
    ...status,
    pending: status.pending.map((migration) => migration.name),
    failed: status.failed.map((row) => row.name),
  })
    .filter(([, names]) => names.length > 0)
    .map(([state]) => state);
}

describe('a migration of the folder', () => {
  test.each([
    ['new', ['pending']],
    ['applied', ['applied']],
    ['edited', ['applied', 'edited']],
    ['crlf', ['applied']],
    ['failed', ['failed']],
    ['rolledBack', ['pending']],
    ['rolledBackFinished', ['pending']],
    ['rolledBack_then_applied', ['applied']],
    ['rolledBack_then_failed', ['failed']],
    ['rolledBack_then_rolledBack', ['pending']],
    ['rolledBack_then_edited', ['applied', 'edited']],
    ['failed_then_applied', ['applied', 'failed']],
    ['applied_then_failed', ['applied', 'failed']],
  ])('that is %s is %j', (state, expected) => {
    expect(compare(`kept_${state}`)).toEqual(expected);
  });
});

describe('a migration that the folder lacks', () => {
  test.each([
    ['applied', ['missing']],
    ['edited', ['missing']],
    ['failed', ['failed']],
    ['rolledBack', []],
    ['rolledBack_then_applied', ['missing']],
    ['rolledBack_then_failed', ['failed']],
  ])('that is %s is %j', (state, expected) => {
    expect(compare(`gone_${state}`)).toEqual(expected);
  });
});

test('what is pending keeps the order of the folder, also before what is applied', () => {
  const cases = historyCases();
  const names = migrationsOf(cases).map(({ name }) => name);
  const { pending } = compareHistory(
    cases.flatMap(({ rows }) => rows),
    migrationsOf(cases),
    { retryFailed: true },
  );
  const order = pending.map(({ name }) => names.indexOf(name));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
});

test.each<[string, boolean]>([
  ['missing', true],
  ['failed', false],
])('a name that a record brings along stays on its line where it is %s', (state, finished) => {
  const name = 'a\n✓ seed \u001b[31m';
  const row = { name, checksum: 'x', startedAt: '', finished, rolledBack: false, logs: null, id: '1' };
  const { missing, failed } = compareHistory([row], [], { retryFailed: true });
  const names = { missing, failed: failed.map((one) => one.name) };
  expect(names).toMatchObject({ [state]: ['a\\x0a✓ seed \\x1b[31m'] });
});
