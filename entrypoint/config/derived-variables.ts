import type { SettingProblem } from '../core/errors.ts';
import { DEEPEST } from '../lib/parse-template.ts';
import { expandTemplates, LONGEST_VALUES, MOST_STEPS, type TemplateFault } from '../lib/templates.ts';
import { inConfigFile, keyOf } from './config-file/keys.ts';
import { isSet } from './read-files.ts';
import { isServiceLink } from './service-links.ts';
import { isVariableName } from './values.ts';
import { VARIABLES, type Variable } from './variables.ts';

const SYNTAX = `text with \${NAME}, \${NAME:-DEFAULT} or $$ for a dollar`;

const KNOWN_LATER = 'postgresql://HOST:5432/DATABASE';

const OTHER_FAULTS: Record<
  Exclude<TemplateFault['kind'], 'unset' | 'cycle'>,
  Pick<SettingProblem, 'expected' | 'got' | 'hint'>
> = {
  dollar: { expected: SYNTAX, got: 'another use of $', hint: 'Write $$ if a dollar is meant.' },
  unclosed: {
    expected: SYNTAX,
    got: 'a brace that is not closed',
    hint: 'Close it: the braces in a default come in pairs.',
  },
  deep: { expected: `at most ${DEEPEST} levels of braces`, got: 'more', hint: 'Use fewer.' },
  distant: {
    expected: `at most ${MOST_STEPS} references that follow one another`,
    got: 'more',
    hint: 'Use fewer.',
  },
  long: {
    expected: `at most ${LONGEST_VALUES} characters in all values of \`variables\` together`,
    got: 'more',
    hint: 'Set what is so long in the environment, or let the app read it from a file.',
  },
};

type Texts = Readonly<Record<string, string>>;

/** What `variables` of `zarpe.config.json` must leave alone: the values of the environment win. */
interface Given {
  readonly variables: Texts;
  /** The variables in which the app gets a connection string. */
  readonly connections: readonly string[];
}

/** Those of `variables` in the file that apply. */
export function chooseTemplates(
  section: Texts,
  { variables, connections }: Given,
  problems: SettingProblem[],
): Templates {
  const texts: Record<string, string> = {};
  for (const [name, text] of Object.entries(section)) {
    if (isVariableName(name) || connections.includes(name)) problems.push(notOfApp(name));
    else if (!(name in variables)) texts[name] = text;
  }
  return new Templates(texts);
}

/** Texts that make variables of others, in an environment in which a setting of Zarpe has its default where it is not set. */
export class Templates {
  readonly texts: Texts;

  constructor(texts: Texts) {
    this.texts = texts;
  }

  /** The values; what cannot be made becomes a problem. */
  expand(
    env: Readonly<Record<string, string | undefined>>,
    problems: SettingProblem[],
  ): Record<string, string> {
    return expandTemplates(
      this.texts,
      (name) => lookUp(name, env),
      (name, fault) => problems.push(describeFault(name, fault)),
    );
  }
}

/** Variables with what stands for the connection strings that Zarpe makes of others, before it has made them. */
export function withLater(variables: Texts, made: readonly string[]): Texts {
  return { ...Object.fromEntries(made.map((name) => [name, KNOWN_LATER])), ...variables };
}

/**
 * An empty variable counts as unset, as does one that Kubernetes sets for a service. An environment without the variable
 * `constructor` must not have that of its prototype.
 */
function lookUp(name: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const known: Variable | undefined = isVariableName(name) ? VARIABLES[name] : undefined;
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return isSet(value) && !isServiceLink(name, value) ? value : known?.default;
}

function notOfApp(name: string): SettingProblem {
  const isSetting = isVariableName(name) && !(VARIABLES[name] as Variable).secret;
  return {
    what: inConfigFile(`variables.${name}`),
    expected: 'a variable of the app',
    got: 'a variable of Zarpe',
    hint: isSetting ? `Set the key ${keyOf(name)}.` : `Set ${name} in the environment.`,
  };
}

function describeFault(name: string, fault: TemplateFault): SettingProblem {
  const what = inConfigFile(`variables.${name}`);
  if (fault.kind === 'unset')
    return {
      what,
      expected: `a value of ${fault.reference}`,
      got: 'nothing',
      hint: `Set ${fault.reference}, or give a default: \${${fault.reference}:-DEFAULT}.`,
    };
  if (fault.kind === 'cycle')
    return {
      what,
      expected: 'no cycle',
      got: fault.names.join(' → '),
      hint: 'Remove one of these references.',
    };
  return { what, ...OTHER_FAULTS[fault.kind] };
}
