import { VARIABLE_NAMES, VARIABLES, type Variable, type VariableName } from '../variables.ts';

/** The settings of an image that are no secrets, beside `entrypoint.js`. */
export const CONFIG_FILE = 'zarpe.config.json';

/** The key of a variable in the file: `seedTable` of ENTRYPOINT_SEED_TABLE, `logLevel` of LOG_LEVEL. */
export function keyOf(name: VariableName): string {
  return name
    .replace(/^ENTRYPOINT_/, '')
    .toLowerCase()
    .replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Names the folder that the file is in. */
const WITHOUT_KEY = 'ENTRYPOINT_APP_DIR';

/** The variable of each key; a secret has one too, which the file may not have. */
export function variablesByKey(): Map<string, VariableName> {
  const names = VARIABLE_NAMES.filter((name) => name !== WITHOUT_KEY);
  return new Map(names.map((name) => [keyOf(name), name]));
}

export function isSecret(name: VariableName): boolean {
  const variable: Variable = VARIABLES[name];
  return variable.secret === true;
}

/** Whether the file may have the key of the variable. */
export function mayBeInFile(name: VariableName): boolean {
  return name !== WITHOUT_KEY && !isSecret(name);
}

/** How a problem names a setting of the file. */
export function inConfigFile(key: string): string {
  return `${CONFIG_FILE}: ${key}`;
}
