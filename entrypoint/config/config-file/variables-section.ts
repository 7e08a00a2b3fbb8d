import * as z from 'zod/mini';

/** Variables of the app that are made of others: the text of each, in which `${NAME}` stands for a value. */
export function variablesSection() {
  return z.record(
    z.string('a name').check(z.regex(/^[A-Za-z_]\w*$/, 'a name of letters, digits and underscores')),
    z.string('a string'),
    'an object of variables',
  );
}
