import * as z from 'zod/mini';
import { parseDuration } from '../../lib/duration.ts';
import { strictObject } from './strict-object.ts';

/** Commands of the app's own, by when they run. */
export function hooksSection() {
  const hooks = z.optional(z.array(hook(), 'a list of hooks'));
  return strictObject(
    { beforeMigrate: hooks, afterMigrate: hooks, beforeServer: hooks },
    'an object of hooks',
  );
}

function hook() {
  const command = z.union(
    [z.string().check(z.minLength(1)), z.array(z.string()).check(z.minLength(1))],
    'a program and its arguments, as a list of strings or as one string',
  );
  const flag = z.optional(z.boolean('true or false'));
  const duration = z
    .string('a duration such as 30s or 2m, as a string')
    .check(
      z.refine((text) => parseDuration(text) !== undefined, 'a duration such as 30s or 2m, as a string'),
    );
  return strictObject(
    {
      command,
      name: z.optional(
        z.string('a name').check(z.regex(/^\w[\w .:/-]{0,59}$/, 'a name of letters, digits and . : / - _')),
      ),
      exclusive: flag,
      optional: flag,
      timeout: z.optional(duration),
      onError: z.optional(z.enum(['abort', 'continue'], 'abort or continue')),
    },
    'an object with a command',
  );
}

export type HooksSection = z.output<ReturnType<typeof hooksSection>>;
