import type { ResolvedEnvironment } from './environment.ts';
import { isVariableName } from './values.ts';
import { VARIABLES, type Variable } from './variables.ts';

const SECRET_NAME = /(?:SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|_KEY$|DSN$)/i;

/** What settings hold whose names only sound secret, such as `API_KEY_REQUIRED=true`. */
const NO_SECRET = /^(?:true|false|yes|no|on|off|none|null|\d{1,5})$/i;

/** Every value that must not be printed: what Zarpe knows to be secret, and what its name says is. */
export function collectSecrets({ variables, requirements }: ResolvedEnvironment): string[] {
  const required = new Set(requirements.filter(({ kind }) => kind === undefined).map(({ name }) => name));
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const variable: Variable | undefined = isVariableName(name) ? VARIABLES[name] : undefined;
    const soundsSecret = SECRET_NAME.test(name) && !NO_SECRET.test(value);
    const passwords = [...passwordsOf(value), ...passwordsInParameters(value)];
    // Of a connection string that has a password the rest may be read.
    const isSecret = variable?.secret === true && passwords.length === 0;
    if (isSecret || required.has(name) || soundsSecret) secrets.push(value);
    secrets.push(...passwords);
  }
  return secrets;
}

/** The password of a URL in each way it can be read: up to the last `@` too, where it should have been encoded. */
function passwordsOf(value: string): string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return [];
  const greedy = /^[^:]+:\/\/[^:@/]*:(.*)@/s.exec(value)?.[1];
  const parsed = URL.canParse(value) ? new URL(value).password : undefined;
  return [greedy, parsed].flatMap((password) => (password ? [password, decode(password)] : []));
}

/** Such as `sslpassword=…` in a connection string, or in `DATABASE_PARAMS`. */
function passwordsInParameters(value: string): string[] {
  const parameters = value.matchAll(/(?:^|[?&])[^=&?]*(?:password|secret|token)=([^&#]+)/gi);
  return [...parameters].flatMap(({ 1: text = '' }) => [text, decode(text)]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
