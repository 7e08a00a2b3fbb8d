/**
 * One migration of a kind that does not run in one transaction, cut off at each instant that it has: at every fault point
 * that its run passes, and while the server is in the middle of it. Then one start has to do, and what it leaves is what
 * psql makes of the same script.
 *
 *     describeKinds('process');
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import type { Standalone } from '../../helpers/standalone.ts';
import { AUTOCOMMIT_KINDS, type AutocommitKind, type AutocommitScript } from './autocommit-kinds.ts';
import { isUnresolved, settleByHand } from './by-hand.ts';
import { createFaultyApp, passedPoints } from './faulty-app.ts';
import { findLeftovers, sessionsAreGone, validIndexes } from './leftovers.ts';
import { drawShare } from './random.ts';
import { report } from './results.ts';
import { expectedRecords, takeSnapshot } from './snapshot.ts';
import { type Instant, type Target, Victim } from './victim.ts';

/** 10 ms each: an index build of more than a second. */
const ROWS = 105;

interface Kind extends AutocommitKind, AutocommitScript {
  id: string;
}

const KINDS: readonly Kind[] = AUTOCOMMIT_KINDS.map((kind, index) => {
  const id = `k${index + 1}`;
  return { ...kind, ...kind.write(id, ROWS), id };
});

/** What comes before, of every kind: one history, one database to copy. */
const BEFORE = Object.fromEntries(KINDS.map(({ before, id }) => [`1_before_${id}`, before]));

export function describeKinds(target: Target): void {
  let server: PostgresServer;
  let template: Database;

  beforeAll(async () => {
    // A table that autovacuum analyzes is in use, and waited for.
    server = await startServer({ settings: { autovacuum: 'off', max_prepared_transactions: '5' } });
    template = await createDatabase({ server });
    const app = await createFaultyApp({ migrations: BEFORE });
    const { exit, boot } = await new Victim(app, 'migrate', { server, database: template }).runUndisturbed();
    expect(exit.code, boot.describe()).toBe(0);
  });

  describe.each(KINDS)('$title', (kind) => {
    test(`${target} struck at every instant`, async () => {
      const rounds = new KindRounds(kind, target, server, template);
      const instants = drawShare(await rounds.prepare(), `${kind.title}, ${target}`);
      const tally = { tried: 0, manual: 0 };
      for (const [index, instant] of instants.entries()) {
        const { struck, manual } = await rounds.round(instant, index % 2 === 0);
        if (struck) tally.tried += 1;
        tally.manual += manual;
      }
      report('kinds that do not run in one transaction', kind.title, tally);
      if (kind.bySight === undefined) expect(tally.manual).toBe(0);
    });
  });
}

class KindRounds {
  readonly #kind: Kind;
  readonly #target: Target;
  readonly #server: PostgresServer;
  readonly #template: Database;
  readonly #migrations: Record<string, string>;
  #app: Standalone | undefined;
  #expected = '';

  constructor(kind: Kind, target: Target, server: PostgresServer, template: Database) {
    this.#kind = kind;
    this.#target = target;
    this.#server = server;
    this.#template = template;
    this.#migrations = { ...BEFORE, [`2_${kind.id}`]: kind.script };
  }

  /** Makes what psql makes of it, then an undisturbed run, and answers with the instants of that. */
  async prepare(): Promise<Instant[]> {
    this.#app = await createFaultyApp({ migrations: this.#migrations });
    await this.#withDatabase(async (database) => {
      await database.query(this.#kind.script);
      await this.#end(database);
      this.#expected = await takeSnapshot(database);
    });
    return this.#withDatabase(async (database, victim) => {
      const boot = await victim.start({ ZARPE_FAULT: 'trace' });
      expect((await boot.exit).code, boot.describe()).toBe(0);
      await this.#checkEnd(database, 0, boot.describe());
      const points = passedPoints(boot.lines)
        .filter(({ fault }) => /^(?:script|transactions|standalone|whole):/.test(fault))
        .map(({ fault, hit }) => ({ point: fault, hit }));
      const { waitsFor } = this.#kind;
      return waitsFor === undefined ? points : [...points, { waitEvent: waitsFor }];
    });
  }

  round(instant: Instant, isPatient: boolean): Promise<{ struck: boolean; manual: number }> {
    return this.#withDatabase(async (database, victim) => {
      const reader = await this.#openReader(database, instant);
      const { struck, exit, boot } = await victim.run({ target: this.#target, instant });
      await reader?.end().catch(() => undefined);
      const what = `${this.#target} at ${JSON.stringify(instant)}\n${boot.describe()}`;
      // A session may have ended by itself where its process is held.
      if (this.#target !== 'session') expect(struck, what).toBe(true);
      if (exit.signal !== 'SIGKILL') expect([0, 69, 75], what).toContain(exit.code);
      // What the backend of a killed process still does is waited for by the next start, or seen here first.
      if (isPatient) await sessionsAreGone(database);
      const indexes = isPatient ? await validIndexes(database) : [];
      const manual = await this.#recover(victim, database, mayNeedPerson(this.#kind, instant), what);
      if (this.#kind.keepsIndexes) {
        expect(await validIndexes(database), what).toEqual(expect.arrayContaining(indexes));
      }
      await this.#checkEnd(database, manual, what);
      return { struck, manual };
    });
  }

  /** One start; where a person had to be asked, that one's answer and another. */
  async #recover(victim: Victim, database: Database, mayAsk: boolean, what: string): Promise<number> {
    const first = await victim.runUndisturbed();
    if (first.exit.code === 0) return 0;
    const story = `${what}\n${first.boot.describe()}`;
    expect(mayAsk && isUnresolved(first.boot), story).toBe(true);
    await settleByHand(victim, first.boot, database, () => this.#kind.bySight);
    const second = await victim.runUndisturbed();
    expect(second.exit.code, `${story}\n${second.boot.describe()}`).toBe(0);
    return 1;
  }

  async #checkEnd(database: Database, manual: number, what: string): Promise<void> {
    await this.#end(database);
    expect(await takeSnapshot(database), what).toBe(this.#expected);
    expect(await findLeftovers(database), what).toEqual([]);
    const names = Object.keys(this.#migrations).sort();
    const records = (await database.migrations())
      .filter(({ rolled_back }) => manual === 0 || !rolled_back)
      .sort((a, b) => (a.migration_name < b.migration_name ? -1 : 1));
    const expected = expectedRecords({ migrations: this.#migrations, names });
    // `resolve --applied` counts no steps, as `prisma migrate resolve` does not.
    const ofResolve = { applied_steps_count: expect.any(Number), logs: expect.toBeOneOf([null, '']) };
    const isSettled = (name: string) => manual > 0 && name === `2_${this.#kind.id}`;
    expect(records, what).toEqual(
      expected.map((row) => (isSettled(row.migration_name) ? { ...row, ...ofResolve } : row)),
    );
  }

  /** Fails where what it leaves open is not there. */
  async #end(database: Database): Promise<void> {
    const { end, id } = this.#kind;
    if (end !== undefined) await database.query(end(id));
  }

  /** In the middle of it: somebody who reads the table, and lets go once it was struck. */
  async #openReader(database: Database, instant: Instant) {
    const { reader, id } = this.#kind;
    if (reader === undefined || !('waitEvent' in instant)) return undefined;
    const client = await database.connect();
    await client.query(`BEGIN; SELECT FROM ${reader(id)}`);
    return client;
  }

  async #withDatabase<Result>(use: (database: Database, victim: Victim) => Promise<Result>): Promise<Result> {
    const server = this.#server;
    const database = await createDatabase({ server, template: this.#template.name });
    try {
      const app = this.#app;
      if (app === undefined) throw new Error('not prepared');
      return await use(database, new Victim(app, 'migrate', { server, database }));
    } finally {
      await rollBackPrepared(database);
      await database.drop();
      if (this.#kind.isOfServer) await database.admin(`DROP DATABASE IF EXISTS made_${this.#kind.id}`);
    }
  }
}

/** A database that has some cannot be dropped. */
async function rollBackPrepared(database: Database): Promise<void> {
  const left = await database.query<{ sql: string }>(`SELECT format('ROLLBACK PREPARED %L', gid) AS sql
    FROM pg_prepared_xacts WHERE database = current_database()`);
  for (const { sql } of left) await database.query(sql);
}

/** Only once its record is there without its end. */
function mayNeedPerson({ bySight }: Kind, instant: Instant): boolean {
  if (bySight === undefined || 'packet' in instant || 'afterMs' in instant) return false;
  return 'waitEvent' in instant || (instant.point.startsWith('whole:') && instant.point !== 'whole:record');
}
