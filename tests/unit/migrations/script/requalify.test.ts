import { expect, test } from 'vitest';
import { requalify } from '../../../../entrypoint/migrations/script/requalify.ts';

test.each([
  ['(email) WHERE users.deleted_at IS NULL', 'users', '(email) WHERE t.deleted_at IS NULL'],
  ['(email) WHERE Users . "at" > "users".b', 'public.USERS', '(email) WHERE t . "at" > t.b'],
  ['(a) WHERE s.users.at IS NULL', 's.users', '(a) WHERE s.t.at IS NULL'],
  ['(a) WHERE users.users.at IS NULL', 'users.users', '(a) WHERE users.t.at IS NULL'],
  ['(a) WHERE "My ""T""".at > 0', '"My ""T"""', '(a) WHERE t.at > 0'],
  ['(users.lower(a)) WHERE "Users".b', 'users', '(users.lower(a)) WHERE "Users".b'],
  ["(a) WHERE b = 'users.c' -- users.d", 'users', "(a) WHERE b = 'users.c' -- users.d"],
  ['(users)', 'users', '(users)'],
])('%s on %s becomes %s', (definition, table, expected) => {
  expect(requalify(definition, table, 't')).toBe(expected);
});
