/** `deviationOf(line)`: how a line of the entrypoint's log differs from the interface that docs/logs.md promises. */
import { EVENTS, type EventName, FIELDS, type FieldName, STEPS } from '../../entrypoint/core/events.ts';
import type { LogLine } from './output-lines.ts';

const EVERYWHERE = new Set(['time', 'level', 'msg', 'step', 'event']);

export function deviationOf(line: LogLine): string | undefined {
  const { level, step, event } = line;
  if (!isEvent(event)) return `an event that docs/logs.md does not list: ${JSON.stringify(line)}`;
  if (step !== undefined && !Object.hasOwn(STEPS, step))
    return `a step that docs/logs.md does not list: ${step}`;
  const { level: levels, fields }: { level: string | readonly string[]; fields?: readonly string[] } = {
    fields: [],
    ...EVENTS[event],
  };
  if (![levels].flat().includes(String(level))) return `${event} at level ${level}`;
  const foreign = Object.keys(line).filter((name) => !EVERYWHERE.has(name) && !fields?.includes(name));
  if (foreign.length > 0) return `${event} with the fields ${foreign.join(', ')}`;
  const mistyped = Object.entries(line).filter(([name, value]) => !isOfType(name as FieldName, value));
  if (mistyped.length > 0) return `${event} with ${JSON.stringify(Object.fromEntries(mistyped))}`;
  return undefined;
}

function isEvent(event: string | undefined): event is EventName {
  return event !== undefined && Object.hasOwn(EVENTS, event);
}

function isOfType(name: FieldName, value: unknown): boolean {
  const [type] = FIELDS[name];
  if (type === 'string[]') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  return value === null ? type === 'string' : typeof value === type;
}
