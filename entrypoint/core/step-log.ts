import type { Logger } from 'pino';
import { formatDuration } from '../lib/duration.ts';

type Fields = Record<string, unknown>;

/** The steps of a boot, as they are named in every log line. */
export type StepName =
  | 'config'
  | 'build'
  | 'database'
  | 'lock'
  | 'migrate'
  | 'seed'
  | 'server'
  | 'resolve'
  | 'healthcheck';

/** What a step says: each line carries `step` and `event`, the last one its duration. */
export interface StepLog {
  /** Progress worth a line. */
  info(event: string, message: string, fields?: Fields): void;
  debug(event: string, message: string, fields?: Fields): void;
  /** What a person should look at, though the boot goes on. */
  warn(event: string, message: string, fields?: Fields): void;
  /** The step did its work. */
  done(message: string, fields?: Fields): void;
  /** It did not do its work, and what follows does not depend on it. */
  failed(message: string, fields?: Fields): void;
  /** The step decided that there is nothing to do, and why. */
  skipped(message: string, fields?: Fields): void;
}

/** Keeps the time of each step, and knows which one is running, or failed. */
export class StepTimer {
  readonly #log: Logger;
  readonly #started = performance.now();
  readonly durations: Partial<Record<StepName, number>> = {};
  current: StepName = 'config';
  currentSince = performance.now();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Milliseconds since the boot began. */
  get elapsed(): number {
    return Math.round(performance.now() - this.#started);
  }

  /** The last line of a boot: how long everything took. */
  summarize(): void {
    const parts = Object.entries(this.durations).map(
      ([step, durationMs]) => `${step} ${formatDuration(durationMs)}`,
    );
    this.#log.info(
      { event: 'summary', durationMs: this.elapsed, durations: this.durations },
      `${formatDuration(this.elapsed)} in all: ${parts.join(', ')}`,
    );
  }

  /** Runs a step: one line when it starts, one when it ends, its duration added to the step's total. */
  async run<Result>(step: StepName, work: (log: StepLog) => Promise<Result>): Promise<Result> {
    const outer = { step: this.current, since: this.currentSince };
    const started = performance.now();
    this.current = step;
    this.currentSince = started;
    this.#log.info({ step, event: 'start' }, 'started');
    const result = await work(this.#stepLog(step, started));
    this.durations[step] = Math.round((this.durations[step] ?? 0) + performance.now() - started);
    this.current = outer.step;
    this.currentSince = outer.since;
    return result;
  }

  #stepLog(step: StepName, started: number): StepLog {
    const log = this.#log;
    const ended = () => Math.round(performance.now() - started);
    return {
      info: (event, message, fields) => log.info({ step, event, ...fields }, message),
      debug: (event, message, fields) => log.debug({ step, event, ...fields }, message),
      warn: (event, message, fields) => log.warn({ step, event, ...fields }, message),
      done: (message, fields) => log.info({ step, event: 'done', durationMs: ended(), ...fields }, message),
      failed: (message, fields) =>
        log.error({ step, event: 'failed', durationMs: ended(), ...fields }, message),
      skipped: (message, fields) =>
        log.info({ step, event: 'skipped', durationMs: ended(), ...fields }, message),
    };
  }
}
