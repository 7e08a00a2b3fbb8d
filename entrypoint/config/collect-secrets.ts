import { mayBeSecret } from '../lib/describe-value.ts';
import { isWordlike } from '../lib/secrets/wordlike.ts';
import type { Sections } from './config-file/sections.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { readQuietly } from './read-files.ts';
import { isSecretName, isSetting } from './secret-names.ts';
import { decodedPem, isPem, passwordsIn, secretFieldsIn, urlPathIn } from './secrets-in-value.ts';
import { isVariableName } from './values.ts';
import { VARIABLES, type Variable } from './variables.ts';

/** Words of our own messages: redacting one of them would reveal that it is a password too. */
const OWN_WORDS = ['password', 'secret', 'token', 'postgres', 'postgresql', 'database', 'migrate', 'server'];

/**
 * Every value that must not be printed: known secrets, values that are secret by their name or form, and what a list names,
 * but no variable has for a name. The shortest come first.
 */
export function collectSecrets({
  variables,
  fromFiles,
  derived,
  sections,
  requirements,
  urlNames,
}: ResolvedEnvironment): string[] {
  const ofDatabases = Object.values(urlNames).flat();
  const connections = ['DATABASE_URL', 'DIRECT_URL', ...ofDatabases];
  const required = new Set(requirements.filter(({ kind }) => kind === undefined).map(({ name }) => name));
  const secrets = Object.entries(variables).flatMap(([variable, text]) => {
    const name = variable.replace(/_FILE$/, '');
    if (name !== variable && name in fromFiles) return [];
    const isOurs = isVariableName(name) || required.has(name) || connections.includes(name);
    const value = isOurs && name === variable ? text : contentOf(name, variable, text);
    if (value === undefined) return [];
    return connections.includes(name) ? secretsOfConnection(value) : secretsOf(name, value, required);
  });
  secrets.push(...passwordsIn(commandsOf(sections.hooks).join('\n')));
  // Also where one of them is too short to be searched for.
  const composed = Object.values(derived).filter((value) => secrets.some((secret) => value.includes(secret)));
  secrets.push(...composed);
  const names = [...requirements.map(({ name }) => name), ...ofDatabases];
  secrets.push(
    ...names.filter((name) => !(name in variables) && !(`${name}_FILE` in variables) && mayBeSecret(name)),
  );
  const told = new Set([...OWN_WORDS, ...publicPartsOf(variables, connections)]);
  return [...new Set(secrets)]
    .filter((secret) => !(isWordlike(secret) && told.has(secret)))
    .sort((a, b) => a.length - b.length);
}

/** The command lines of the hooks: one may print its own. */
function commandsOf(hooks: Sections['hooks'] = {}): string[] {
  const all = Object.values(hooks).flatMap((stage) => stage ?? []);
  return all.map(({ command }) => (typeof command === 'string' ? command : command.join(' ')));
}

/** Of a connection string with a password, only the password. */
function secretsOfConnection(value: string): string[] {
  const passwords = passwordsIn(value);
  return passwords.length === 0 ? [value] : passwords;
}

function secretsOf(name: string, value: string, required: ReadonlySet<string>): string[] {
  const variable: Variable | undefined = isVariableName(name) ? VARIABLES[name] : undefined;
  const isSecret =
    variable === undefined
      ? required.has(name) || isPem(value) || (isSecretName(name) && !isSetting(value))
      : variable.secret === true;
  return [
    ...passwordsIn(value),
    ...(isSecret ? [value, ...urlPathIn(value), ...decodedPem(value)] : []),
    ...secretFieldsIn(value),
  ];
}

/** The content of a file that only the app reads, if the variable's name is that of a secret. The path is no secret. */
function contentOf(name: string, variable: string, text: string): string | undefined {
  const namesFile = name !== variable;
  const isPath = /^[./]/.test(text);
  const content = isSecretName(name) && (namesFile || isPath) ? readQuietly(text) : undefined;
  return content ?? (namesFile && isPath ? undefined : text);
}

/** Names that messages contain on purpose. */
function publicPartsOf(
  variables: Readonly<Record<string, string>>,
  connections: readonly string[],
): string[] {
  const { DATABASE_USER, DATABASE_USERNAME, DATABASE_NAME, DATABASE_HOST } = variables;
  const parts = [DATABASE_USER, DATABASE_USERNAME, DATABASE_NAME, DATABASE_HOST];
  const urls = connections.map((name) => variables[name] ?? '').filter((value) => URL.canParse(value));
  const ofUrls = urls
    .map((value) => new URL(value))
    .flatMap((url) => [url.username, url.hostname, url.pathname.slice(1)]);
  return [...parts, ...ofUrls].filter((part) => part !== undefined);
}
