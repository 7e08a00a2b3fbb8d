import * as z from 'zod/mini';

/** An object of known keys. The message of an issue is what was expected; of unknown keys, the known ones. */
export function strictObject<Shape extends z.core.$ZodShape>(shape: Shape, expected: string) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? known : expected),
  });
}
