import type { SettingProblem } from '../core/errors.ts';
import { DEEPEST } from '../lib/parse-template.ts';
import { expandTemplates, LONGEST_VALUES, MOST_STEPS, type TemplateFault } from '../lib/templates.ts';
import { inConfigFile, keyOf } from './config-file/keys.ts';
import { isVariableName } from './values.ts';
import { VARIABLES, type Variable } from './variables.ts';

const SYNTAX = `text with \${NAME}, \${NAME:-DEFAULT} or $$ for a dollar`;

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

/** What the derived variables of `zarpe.config.json` may refer to. */
interface Given {
  readonly variables: Readonly<Record<string, string>>;
  /** The variables in which the app gets a connection string, which is only known once Zarpe has connected. */
  readonly connections: readonly string[];
}

/**
 * The texts of `variables` in the file that apply: a value of the environment wins.
 * @returns those, and the values as far as they are known before there is a connection
 */
export function deriveVariables(
  section: Readonly<Record<string, string>>,
  { variables, connections }: Given,
  problems: SettingProblem[],
): { readonly templates: Record<string, string>; readonly derived: Record<string, string> } {
  const templates: Record<string, string> = {};
  for (const [name, text] of Object.entries(section)) {
    if (isVariableName(name) || connections.includes(name)) problems.push(notOfApp(name));
    else if (!(name in variables)) templates[name] = text;
  }
  expandTemplates(
    templates,
    (name) => (connections.includes(name) ? 'known later' : lookUp(name, variables)),
    (name, fault) => problems.push(describeFault(name, fault)),
  );
  const derived = expandTemplates(templates, (name) => lookUp(name, variables));
  return { templates, derived };
}

/** A setting of Zarpe has its default where it is not set. */
function lookUp(name: string, variables: Readonly<Record<string, string>>): string | undefined {
  const known: Variable | undefined = isVariableName(name) ? VARIABLES[name] : undefined;
  return variables[name] ?? known?.default;
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
