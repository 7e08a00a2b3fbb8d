import { beforeAll, describe, expect, inject, test } from 'vitest';
import './helpers/context.ts';
import { ask } from './helpers/http.ts';
import { deriveImage } from './helpers/images.ts';
import { keepAsking } from './helpers/keep-asking.ts';
import { createStack, type Stack } from './helpers/swarm.ts';

const REPLICAS = 4;
const MIGRATIONS =
  'SELECT count(DISTINCT migration_name) = count(*) AND bool_and(finished_at IS NOT NULL) FROM _prisma_migrations';

describe('a Swarm stack of four replicas behind Caddy', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await createStack({ APP_IMAGE: inject('image'), APP_REPLICAS: String(REPLICAS) });
    await stack.deploy();
  });

  const askBoth = async () => {
    const answers = [await ask(stack.url), await ask(`${stack.url}/api/health`)];
    return answers.find(({ status }) => status !== 200) ?? { status: 200 };
  };

  test('started at once on an empty database: migrated once, seeded once, all serve', async () => {
    expect(await stack.query(MIGRATIONS)).toBe('t');
    expect(await stack.query('SELECT count(*) FROM users')).toBe('1');
    expect(await stack.runningImages()).toEqual(Array(REPLICAS).fill(inject('image')));
    expect(await ask(`${stack.url}/api/health`)).toMatchObject({ status: 200 });
  });

  test('is updated to an image with one more migration under constant requests, and none of them fails', async () => {
    const next = await deriveImage({
      migrations: { '2099_01_more': 'ALTER TABLE users ADD COLUMN more text;' },
    });
    const asking = keepAsking(askBoth, 2);
    await asking.until(10);
    expect(await stack.update(next)).toBe('completed');
    await asking.until(10);
    expect(await asking.end()).toEqual([]);
    expect(await stack.runningImages()).toEqual(Array(REPLICAS).fill(next));
    expect(await stack.query(MIGRATIONS)).toBe('t');
    expect(
      await stack.query("SELECT count(*) FROM _prisma_migrations WHERE migration_name = '2099_01_more'"),
    ).toBe('1');
  });

  test('is rolled back by an update whose migration fails, and serves all the while', async () => {
    const before = await stack.runningImages();
    const broken = await deriveImage({
      migrations: { '2099_02_broken': 'CREATE TABLE half_way (id int); SELECT 1 / 0;' },
    });
    const asking = keepAsking(askBoth, 2);
    await asking.until(10);
    expect(await stack.update(broken)).toBe('rollback_completed');
    await asking.until(10);
    expect(await asking.end()).toEqual([]);
    expect(await stack.runningImages()).toEqual(before);
    expect(await stack.query("SELECT to_regclass('half_way') IS NULL")).toBe('t');
  });
});
