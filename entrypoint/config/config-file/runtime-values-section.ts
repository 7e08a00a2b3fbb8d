import * as z from 'zod/mini';
import { strictObject } from './strict-object.ts';

const NAME = 'the name of a variable';
const NAME_OR_PREFIX = `${NAME}, or NEXT_PUBLIC_* for every one that begins with NEXT_PUBLIC_`;

const IN_PUBLIC = 'a path in the folder public, such as public/__ENV.js';

/** Values that are known only when the container starts, in a build that was made without them. */
export function runtimeValuesSection() {
  const nameOrPrefix = z.string(NAME_OR_PREFIX).check(z.regex(/^[A-Za-z_]\w*\*?$/, NAME_OR_PREFIX));
  const path = z.string('a path').check(z.minLength(1, 'a path'));
  const file = z.string(IN_PUBLIC).check(z.regex(/^public\/(?:[\w@-][\w@.-]*\/)*[\w@-][\w@.-]*$/, IN_PUBLIC));
  const placeholder = strictObject(
    {
      name: z.string(NAME).check(z.regex(/^[A-Za-z_]\w*$/, NAME)),
      text: z
        .string('the text of the placeholder')
        .check(z.regex(/^[\w.~:/@+-]{8,}$/, 'a text of 8 or more letters, digits and . _ ~ : / @ + -')),
    },
    `${NAME_OR_PREFIX}, or an object with name and text`,
  );
  return strictObject(
    {
      placeholders: z.optional(
        z.array(z.union([nameOrPrefix, placeholder], placeholderOrName()), 'a list of placeholders'),
      ),
      browserEnv: z.optional(
        strictObject(
          { file: z.optional(file), names: z.array(nameOrPrefix, 'a list of names') },
          'an object with names',
        ),
      ),
      writeTo: z.optional(path),
    },
    'an object with placeholders or browserEnv',
  );
}

function placeholderOrName(): string {
  return `${NAME_OR_PREFIX}, or { "name": …, "text": … }`;
}

export type RuntimeValuesSection = z.output<ReturnType<typeof runtimeValuesSection>>;
