import * as z from 'zod/mini';
import { strictObject } from './strict-object.ts';

const A_NAME = 'a name of letters, digits, _ and -';
const VARIABLES = 'a list of names of variables, such as ["ANALYTICS_DATABASE_URL"]';

/** Databases of the app beside the first: what each is connected with, and where its schema and migrations are. */
export function databasesSection() {
  const variable = z.string(VARIABLES).check(z.regex(/^[A-Za-z_]\w*$/, VARIABLES));
  const variables = z.array(variable, VARIABLES).check(z.minLength(1, VARIABLES));
  const path = z.string('a path').check(z.minLength(1, 'a path'));
  const database = strictObject(
    {
      name: z.string(A_NAME).check(z.regex(/^\w[\w-]{0,59}$/, A_NAME)),
      urlFrom: variables,
      directUrlFrom: z.optional(variables),
      prismaDir: path,
      migrationsDir: z.optional(path),
    },
    'an object with name, urlFrom and prismaDir',
  );
  return z.array(database, 'a list of databases');
}

export type DatabasesSection = z.output<ReturnType<typeof databasesSection>>;

/** The variables that they are read from. */
export function namesOfFurther(section: DatabasesSection = []): readonly string[] {
  return section.flatMap(({ urlFrom, directUrlFrom = [] }) => [...urlFrom, ...directUrlFrom]);
}
