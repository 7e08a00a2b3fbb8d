import type { SettingProblem } from '../core/errors.ts';
import type { RuntimeValuesConfig } from '../steps/runtime-values/settings.ts';
import { collectSecrets } from './collect-secrets.ts';
import { inConfigFile } from './config-file/keys.ts';
import type { RuntimeValuesSection } from './config-file/runtime-values-section.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { isPublishable, toRuntimeValues } from './runtime-values.ts';

/** A shorter secret may be part of a value by chance. */
const SHORTEST_SECRET = 8;

/** Problems of what must not get into what a browser loads: variables that are secret, and values that hold a secret. */
export function checkRuntimeValues(environment: ResolvedEnvironment, appDir: string): SettingProblem[] {
  const config = toRuntimeValues(environment.sections.runtimeValues, environment.variables, appDir);
  if (config === undefined) return [];
  return [...checkNames(environment.sections.runtimeValues), ...checkValues(config, environment)];
}

function checkNames(section: RuntimeValuesSection = {}): SettingProblem[] {
  const { placeholders = [], browserEnv } = section;
  const named = [
    ...placeholders.map((item, at) => ({
      name: typeof item === 'string' ? item : item.name,
      where: `placeholders[${at}]`,
    })),
    ...(browserEnv?.names ?? []).map((name, at) => ({ name, where: `browserEnv.names[${at}]` })),
  ];
  return named
    .filter(({ name }) => !isPublishable(name))
    .map(({ name, where }) => ({
      what: inConfigFile(`runtimeValues.${where}`),
      expected: 'no secret: what is put into the build can be read in the browser',
      got: name,
      hint: 'Remove it: code on the server reads the environment when it runs. If it is no secret, call it NEXT_PUBLIC_….',
    }));
}

/** A value that is made of others may hold a password. */
function checkValues({ values }: RuntimeValuesConfig, environment: ResolvedEnvironment): SettingProblem[] {
  const others = Object.entries(environment.variables).filter(([name]) => !Object.hasOwn(values, name));
  const variables = Object.fromEntries(others);
  const secrets = collectSecrets({ ...environment, variables, requirements: [], derived: {} });
  return Object.entries(values)
    .filter(([, value]) =>
      secrets.some((secret) => secret.length >= SHORTEST_SECRET && value.includes(secret)),
    )
    .map(([name]) => ({
      what: name,
      expected: 'no secret: what is put into the build can be read in the browser',
      got: 'a value that holds the secret of another variable',
      hint: 'Leave it out of `runtimeValues`, or make it of others.',
    }));
}
