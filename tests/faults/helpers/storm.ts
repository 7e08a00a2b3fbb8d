/**
 * A history applied under fire: struck again and again until it is applied, and compared after each strike with the
 * states an undisturbed run goes through.
 *
 *     const storm = await prepareStorm('process', { length: 60 });
 *     const tally = await storm.round(1, 20, ['process']);
 */
import { expect } from 'vitest';
import type { BundleProcess } from '../../helpers/bundle.ts';
import { createDatabase, type Database } from '../../helpers/database.ts';
import { type PostgresServer, startServer } from '../../helpers/postgres.ts';
import type { Standalone } from '../../helpers/standalone.ts';
import { isUnresolved, settleByHand } from './by-hand.ts';
import { createFaultyApp } from './faulty-app.ts';
import { generateHistory, type History, type HistoryOptions } from './history.ts';
import { findLeftovers, sessionsAreGone } from './leftovers.ts';
import { Random } from './random.ts';
import { expectedRecords, referenceStates, takeSnapshot } from './snapshot.ts';
import { type Instant, type Target, Victim } from './victim.ts';
import { createWireTap, type WireTap } from './wire-tap.ts';

/** What a number of strikes came to. */
export interface Tally {
  strikes: number;
  /** Settled by a person with `resolve`. */
  manual: number;
}

/** Packets of a run with nothing to do, of its logging in, and of each migration, both sides together: measured, roughly. */
const PACKETS = { login: 8, start: 14, migration: 2.8 };
/** Milliseconds of the same, and of what comes before the first script, so that an instant may fall anywhere in a run. */
const TIMES = { start: 180, engine: 100, migration: 6, autocommit: 120 };

/** The statuses a struck start may end with: done all the same, or try again. Never one that requires manual action. */
const PASSING = [0, 69, 75];

export class Storm {
  readonly history: History;
  readonly server: PostgresServer;
  readonly #states: readonly string[];
  readonly #app: Standalone;
  readonly #tap: WireTap;
  readonly #random: Random;

  constructor(
    parts: {
      history: History;
      server: PostgresServer;
      states: readonly string[];
      app: Standalone;
      tap: WireTap;
    },
    random: Random,
  ) {
    this.history = parts.history;
    this.server = parts.server;
    this.#states = parts.states;
    this.#app = parts.app;
    this.#tap = parts.tap;
    this.#random = random;
  }

  /** As many histories, each from an empty database to its end, as the number of strikes takes. */
  async round(number: number, strikes: number, targets: readonly Target[]): Promise<Tally> {
    const random = this.#random.fork(`round ${number}`);
    const tally = { strikes: 0, manual: 0 };
    while (tally.strikes < strikes) await this.#applyUnderFire(random, strikes, targets, tally);
    return tally;
  }

  async #applyUnderFire(
    random: Random,
    strikes: number,
    targets: readonly Target[],
    tally: Tally,
  ): Promise<void> {
    const { server } = this;
    const database = await createDatabase({ server });
    const victim = new Victim(this.#app, 'migrate', { server, database, tap: this.#tap });
    const manualBefore = tally.manual;
    for (let applied = 0, done = false; tally.strikes < strikes && !done; ) {
      const target = random.pick(targets);
      // The instants lie in the part of the history that leaves some for the strikes to come.
      const pending = this.history.names.length - applied;
      const instant = this.#drawInstant(random, target, Math.ceil((2 * pending) / (strikes - tally.strikes)));
      const { struck, exit, boot } = await victim.run({ target, instant });
      if (struck) tally.strikes += 1;
      applied += boot.logs.filter(({ event }) => event === 'applied').length;
      tally.manual += await this.#settle(victim, boot, database);
      const status = exit.signal === 'SIGKILL' && target === 'process' ? 0 : exit.code;
      if (!isUnresolved(boot)) expect(PASSING, boot.describe()).toContain(status);
      // A start that does not wait for what the struck one may have left running is as good a test.
      if (random.chance(0.5)) applied = (await this.#checkState(database)) ?? applied;
      done = applied === this.history.names.length;
    }
    tally.manual += await this.#finish(victim, database);
    await this.#checkEnd(database, tally.manual - manualBefore);
    await database.drop();
  }

  #drawInstant(random: Random, target: Target, pending: number): Instant {
    // Before, there is no session to strike.
    const first = target === 'session' || target === 'backend' ? PACKETS.login : 1;
    const packet = first + random.below(PACKETS.start - first + PACKETS.migration * pending);
    const share = random.pick([0, random.next(), 1]);
    if (random.chance(this.#isSlow ? 0.3 : 0.75)) return { packet, share };
    const ms = (this.#isSlow ? TIMES.autocommit : TIMES.migration) * pending;
    if (first === 1) return { afterMs: random.below(TIMES.start + ms) };
    return { packet: first, share, afterMs: random.below(TIMES.engine + ms) };
  }

  /** Of its time most is spent in single statements. */
  get #isSlow(): boolean {
    return this.history.autocommit.size > 0;
  }

  /** The starts that end the history, undisturbed. */
  async #finish(victim: Victim, database: Database): Promise<number> {
    for (let manual = 0; ; ) {
      const { exit, boot } = await victim.runUndisturbed();
      if (exit.code === 0) return manual;
      const settled = await this.#settle(victim, boot, database);
      expect(settled, boot.describe()).toBe(1);
      manual += settled;
    }
  }

  /** Migrations that are in the database are there whole, and none is there without its record. */
  async #checkState(database: Database): Promise<number | undefined> {
    await sessionsAreGone(database);
    const records = await database.migrations();
    if (records.some(({ finished, rolled_back }) => !finished || rolled_back)) return undefined;
    // What commits by itself may be there, or half, before its record is.
    const next = this.history.names[records.length] ?? '';
    if (!this.history.autocommit.has(next))
      expect(await takeSnapshot(database)).toBe(this.#states[records.length]);
    return records.length;
  }

  async #checkEnd(database: Database, manual: number): Promise<void> {
    await sessionsAreGone(database);
    expect(await takeSnapshot(database)).toBe(this.#states.at(-1));
    expect(await findLeftovers(database)).toEqual([]);
    const records = (await database.migrations()).filter(({ rolled_back }) => !rolled_back);
    const expected = expectedRecords(this.history);
    if (manual === 0) expect(records).toEqual(expected);
    else {
      // `resolve --applied` counts no steps, as `prisma migrate resolve` does not.
      const ofResolve = { applied_steps_count: expect.any(Number), logs: expect.toBeOneOf([null, '']) };
      expect(records).toEqual(
        expected.map((row) =>
          this.history.bySight.has(row.migration_name) ? { ...row, ...ofResolve } : row,
        ),
      );
    }
  }

  /** Answers how often it took a person. */
  async #settle(victim: Victim, boot: BundleProcess, database: Database): Promise<number> {
    if (!isUnresolved(boot)) return 0;
    await settleByHand(victim, boot, database, (name) => this.history.bySight.get(name));
    return 1;
  }
}

/** Starts a server, and makes a history and the states it leads through. */
export async function prepareStorm(name: string, options: HistoryOptions): Promise<Storm> {
  const random = new Random(`kill storm ${name}`);
  const history = generateHistory(random, options);
  const server = await startServer();
  const states = await referenceStates(history, server);
  const app = await createFaultyApp({ migrations: history.migrations });
  const tap = await createWireTap(server);
  return new Storm({ history, server, states, app, tap }, random);
}
