import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { authentication, fakeServer, HEALTHY } from '../helpers/fake-server.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { damage, garblingProxy } from './helpers/garble.ts';
import { printSeedOnFailure, Random } from './helpers/random.ts';
import { report } from './helpers/results.ts';

const RUNS = 300;
const AT_ONCE = 6;
const ROUNDS = 12;

const SCRAM = [
  HEALTHY[0] ?? [],
  [authentication(10, 'SCRAM-SHA-256\0\0')],
  [authentication(11, 'r=bm9uY2U=,s=c2FsdA==,i=4096')],
  [authentication(12, 'v=c2lnbmF0dXJl'), ...(HEALTHY[1] ?? [])],
];

/** A conversation with some of it damaged: bits, lengths, order, pieces lost, doubled or made up. */
function garble(random: Random): Buffer[] {
  const source = random.chance(0.7) ? HEALTHY : SCRAM;
  const turns = source.map((messages) => [...messages]);
  for (let damages = 1 + random.below(3); damages > 0; damages--) damage(random.pick(turns), random);
  return turns.map((messages) => Buffer.concat(messages));
}

test('a server whose protocol is garbled ends the boot with 69, 75 or 77, or does no harm; never with 70', async () => {
  printSeedOnFailure();
  const app = await createStandalone();
  const wait = async (answers: readonly Buffer[], timeout: string) => {
    const { port } = await fakeServer(answers);
    const env = {
      DATABASE_URL: `postgresql://app:a-password@127.0.0.1:${port}/app`,
      ENTRYPOINT_DB_TIMEOUT: timeout,
    };
    return runBundle({ dir: app.dir, args: ['wait'], env });
  };
  const healthy = await wait(
    HEALTHY.map((messages) => Buffer.concat(messages)),
    '60s',
  );
  expect(healthy.code, 'before anything is damaged').toBe(0);

  const random = new Random('garbled protocol');
  const conversations = Array.from({ length: RUNS }, () => garble(random));
  const ends = new Map<number | null, number>();
  const work = async () => {
    for (let answers = conversations.pop(); answers !== undefined; answers = conversations.pop()) {
      const { code, stdout } = await wait(answers, '700ms');
      ends.set(code, (ends.get(code) ?? 0) + 1);
      const shown = answers.map((answer) => answer.toString('latin1'));
      expect([0, 69, 75, 77], `${JSON.stringify(shown)}\n${stdout}`).toContain(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(ends.get(69)).toBeGreaterThan(RUNS / 3);
  report('hostile servers', 'garbled protocol before and after the login', { tried: RUNS, manual: 0 });
});

describe('a real server, of whose answers one is garbled at any moment after the connection was made', () => {
  const MIGRATIONS = {
    '1_base': 'CREATE TABLE items (n int); INSERT INTO items SELECT generate_series(1, 50);',
    '2_pair': 'CREATE TABLE a (n int); BEGIN; CREATE TABLE b (n int); COMMIT; CREATE TABLE c (n int);',
    '3_index': 'CREATE INDEX CONCURRENTLY by_n ON items (n);',
  };

  test.each([
    [['check'], 6, [0, 65, 69, 75, 77]],
    [['status'], 5, [0, 65, 69, 75, 77]],
    // 143: it served, and was told to end.
    [['start'], 25, [143, 65, 69, 75, 77]],
  ])('%s ends, not as a bug, and the next start finds nothing lost', async (args, mostAnswers, codes) => {
    printSeedOnFailure();
    const app = await createStandalone({ migrations: MIGRATIONS });
    const random = new Random(`garbled answers to ${args}`);
    let damaged = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const database = await createDatabase();
      const proxy = await garblingProxy(database, mostAnswers, random);
      const env = { ENTRYPOINT_DB_TIMEOUT: '1s', ENTRYPOINT_MIGRATE_LOCK_TIMEOUT: '300ms' };
      const boot = await startBundle({
        dir: app.dir,
        args,
        env: { ...env, DATABASE_URL: proxy.through(database.url) },
      });
      if (args.includes('start')) {
        void boot.waitForServer().then(
          () => boot.kill(),
          () => undefined,
        );
      }
      const { code } = await boot.exit;
      if (proxy.story() !== '') damaged += 1;
      expect(codes, `${proxy.story()}\n${boot.describe()}`).toContain(code);
      const next = await runBundle({ dir: app.dir, args: ['migrate'], env: { DATABASE_URL: database.url } });
      expect(next.code, `${proxy.story()}\n${boot.describe()}\n${next.stdout}`).toBe(0);
      const records = await database.migrations();
      expect(records.map(({ migration_name, finished }) => `${migration_name} ${finished}`)).toEqual(
        Object.keys(MIGRATIONS).map((name) => `${name} true`),
      );
      expect(await database.query('SELECT count(*)::int AS n FROM items')).toEqual([{ n: 50 }]);
      await database.drop();
    }
    expect(damaged).toBeGreaterThan(0);
    report('hostile servers', `an answer garbled, ${args}`, { tried: ROUNDS, manual: 0 });
  });
});
