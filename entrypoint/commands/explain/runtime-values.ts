import type { ResolvedEnvironment } from '../../config/environment.ts';
import { toRuntimeValues } from '../../config/runtime-values.ts';

/** What is put into the build, and whether each value is set; the values themselves are not shown. */
export function explainRuntimeValues({ sections, variables }: ResolvedEnvironment, appDir: string) {
  const config = toRuntimeValues(sections.runtimeValues, variables, appDir);
  if (config === undefined) return undefined;
  const { placeholders, prefixes, browserEnv, writeTo, values } = config;
  return {
    placeholders: placeholders.map(({ name, text }) => ({ name, text, isSet: Object.hasOwn(values, name) })),
    prefixes,
    browserEnv: browserEnv ?? null,
    writeTo,
  };
}

/** The same as lines. */
export function describeRuntimeValues({
  placeholders,
  prefixes,
  browserEnv,
  writeTo,
}: NonNullable<ReturnType<typeof explainRuntimeValues>>): string[] {
  const names = [...(browserEnv?.names ?? []), ...(browserEnv?.prefixes ?? []).map((prefix) => `${prefix}*`)];
  return [
    '',
    `Values that the start puts into a copy of the build in ${writeTo} (runtimeValues)`,
    ...placeholders.map(
      ({ name, text, isSet }) => `      ${name} for ${text}${isSet ? '' : ', which is not set'}`,
    ),
    ...prefixes.map((prefix) => `      each variable ${prefix}… for its placeholder __${prefix}…__`),
    ...(browserEnv === null ? [] : [`      ${names.join(', ')} in ${browserEnv.file}`]),
  ];
}
