import { expect, test } from 'vitest';
import { guardHistory, preparedGuard, prepareGuard } from '../../../entrypoint/database/history-guard.ts';

test('of the guard that each record has, PostgreSQL plans a look at the table alone, and the rest where that is in doubt', () => {
  const sql = guardHistory('"app"."_prisma_migrations"', 'ROW EXCLUSIVE').join('; ');
  const planned = sql.replace(/'(?:[^']|'')*'/g, "''");
  expect(sql).toContain('pg_trigger');
  expect(planned.match(/pg_catalog\.pg_(?:trigger|attribute|constraint|depend|database)/g)).toBeNull();
});

test('the guard that is prepared asks what the guard asks, after the same lock', () => {
  const [lock, question] = guardHistory('"app"."_prisma_migrations"', 'ROW EXCLUSIVE');
  const prepared = prepareGuard('"app"."_prisma_migrations"');
  const [name] = /(?<=^PREPARE )\w+(?= AS )/.exec(prepared) ?? [];
  expect(prepared).toBe(`PREPARE ${name} AS ${question}`);
  expect(preparedGuard('"app"."_prisma_migrations"')).toEqual([lock, `EXECUTE ${name}`]);
});
