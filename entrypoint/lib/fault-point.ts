/** The instants at which the fault tests end this process, or hold it while they end something else. */
export type FaultPoint =
  | 'connect:before'
  | 'connect:after'
  | 'survey:before'
  | 'survey:after'
  | 'database:create'
  | 'database:created'
  | 'lock:before'
  | 'lock:busy'
  | 'lock:taken'
  | 'lock:release'
  | 'engine:load'
  | 'engine:start'
  | 'engine:statement'
  | 'engine:answered'
  | 'engine:done'
  | 'script:send'
  | 'script:sent'
  | 'script:done'
  | 'script:failed'
  | 'steps:record'
  | 'steps:recorded'
  | 'steps:send'
  | 'steps:sent'
  | 'steps:done'
  | 'steps:failed'
  | 'failure:record'
  | 'failure:recorded'
  | 'seed:before'
  | 'seed:after'
  | 'server:before'
  | 'server:spawned';

/**
 * Marks an instant. Here it does nothing, and the bundler takes the calls out with it; the bundle of the fault tests
 * is built with another module in the place of this one.
 */
export function faultPoint(_name: FaultPoint): void {}
