import type { Logger } from 'pino';
import { formatDuration } from '../lib/duration.ts';
import type { EventName, FieldsOf, StepName } from './events.ts';

/** The log of a step: each line carries `step` and `event`, the last one the duration of the step. */
export interface StepLog {
  info<Name extends EventName>(event: Name, message: string, fields?: FieldsOf<Name>): void;
  debug<Name extends EventName>(event: Name, message: string, fields?: FieldsOf<Name>): void;
  /** Worth a look, though the boot goes on. */
  warn<Name extends EventName>(event: Name, message: string, fields?: FieldsOf<Name>): void;
  /** The step did its work. */
  done(message: string, fields?: FieldsOf<'done'>): void;
  /** The step did not do its work, and nothing that follows depends on it. */
  failed(message: string, fields?: FieldsOf<'failed'>): void;
  /** The step has nothing to do; the message says why. */
  skipped(message: string, fields?: FieldsOf<'skipped'>): void;
}

/** Measures the steps, and knows which one is running or has failed. */
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

  /** Logs how long the boot and each of its steps took. */
  summarize(): void {
    const parts = Object.entries(this.durations).map(
      ([step, durationMs]) => `${step} ${formatDuration(durationMs)}`,
    );
    this.#log.info(
      { event: 'summary', durationMs: this.elapsed, durations: this.durations },
      `boot took ${formatDuration(this.elapsed)}: ${parts.join(', ')}`,
    );
  }

  /** Runs a step: logs its start, and adds its duration to the total of the step. */
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
    const write = (
      level: 'debug' | 'info' | 'warn' | 'error',
      event: EventName,
      message: string,
      fields?: object,
    ) => this.#log[level]({ step, event, ...fields }, message);
    const end = (level: 'info' | 'error', event: EventName, message: string, fields?: object) =>
      write(level, event, message, { durationMs: Math.round(performance.now() - started), ...fields });
    return {
      info: (event, message, fields) => write('info', event, message, fields),
      debug: (event, message, fields) => write('debug', event, message, fields),
      warn: (event, message, fields) => write('warn', event, message, fields),
      done: (message, fields) => end('info', 'done', message, fields),
      failed: (message, fields) => end('error', 'failed', message, fields),
      skipped: (message, fields) => end('info', 'skipped', message, fields),
    };
  }
}
