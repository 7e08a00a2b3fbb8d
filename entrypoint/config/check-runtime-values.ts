import type { SettingProblem } from '../core/errors.ts';
import type { RuntimeValuesConfig } from '../steps/runtime-values/settings.ts';
import { collectSecrets } from './collect-secrets.ts';
import { inConfigFile } from './config-file/keys.ts';
import type { RuntimeValuesSection } from './config-file/runtime-values-section.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { isPublic, isPublishable, toRuntimeValues } from './runtime-values.ts';

/** A shorter secret may be part of a value by chance. */
const SHORTEST_SECRET = 8;

const NO_NAMES = { server: [], direct: [], further: [] };

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

/** A connection string, a password in a URL, and a value that is made of the secrets of others. */
function checkValues({ values }: RuntimeValuesConfig, environment: ResolvedEnvironment): SettingProblem[] {
  const variables = Object.fromEntries(
    Object.entries(environment.variables).filter(([name]) => !Object.hasOwn(values, name)),
  );
  const secrets = collectSecrets({ ...environment, variables, requirements: [], derived: {} });
  return Object.entries(values).flatMap(([name, value]) => {
    const found = secrets.some((secret) => secret.length >= SHORTEST_SECRET && value.includes(secret))
      ? 'the secret of another variable'
      : findSecret(name, value, environment);
    if (found === undefined) return [];
    return {
      what: inConfigFile('runtimeValues'),
      expected: 'no secret: what is put into the build can be read in the browser',
      got: `${name}, a value that holds ${found}`,
      hint: 'Leave it out of `runtimeValues`, or make it of others. A prefix (NAME_*) takes in every variable that begins so.',
    };
  });
}

/** What is secret in a value of itself, unless Next.js publishes it anyway. */
function findSecret(name: string, value: string, environment: ResolvedEnvironment): string | undefined {
  if (isPublic(name)) return undefined;
  const connections = ['DATABASE_URL', 'DIRECT_URL', ...Object.values(environment.urlNames).flat()];
  if (connections.includes(name)) return 'a connection string';
  const alone = { sections: {}, requirements: [], derived: {}, urlNames: NO_NAMES };
  const secrets = collectSecrets({ ...environment, ...alone, variables: { [name]: value } });
  return secrets.length > 0 ? 'a password or another secret' : undefined;
}
