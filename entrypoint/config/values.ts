import { hostname } from 'node:os';
import type { SettingProblem } from '../core/errors.ts';
import { describeValue } from '../lib/describe-value.ts';
import { nearest } from '../lib/nearest.ts';
import {
  VARIABLE_NAMES,
  VARIABLES,
  type Variable,
  type VariableName,
  type VariableValue,
} from './variables.ts';

type Defaulted<Name extends VariableName> = (typeof VARIABLES)[Name] extends { readonly fallback: unknown }
  ? VariableValue<Name>
  : VariableValue<Name> | undefined;
export type Values = { readonly [Name in VariableName]: Defaulted<Name> };

/** Each known variable as its schema parses it. A malformed one adds a problem and gets its default. */
export function readValues(variables: Readonly<Record<string, string>>, problems: SettingProblem[]): Values {
  const values: Record<string, unknown> = {};
  for (const name of VARIABLE_NAMES) {
    const variable: Variable = VARIABLES[name];
    const text = variables[name];
    const given = text === undefined ? undefined : variable.schema().safeParse(text);
    if (text !== undefined && given?.success === false) {
      problems.push({
        what: name,
        expected: variable.expected,
        got: variable.secret ? `a ${text.length}-character value` : describeValue(text),
        hint:
          variable.default === undefined
            ? 'Fix it, or remove it.'
            : `Fix it, or remove it to use the default (${variable.default}).`,
      });
    }
    values[name] = given?.success === true ? given.data : variable.fallback;
  }
  return values as unknown as Values;
}

export function findMisspelt(variables: Readonly<Record<string, string>>): SettingProblem[] {
  const unknown = Object.keys(variables).filter(
    (name) => name.startsWith('ENTRYPOINT_') && !isVariableName(name.replace(/_FILE$/, '')),
  );
  return unknown.map((name) => {
    const suggestion = nearest(name, VARIABLE_NAMES);
    return {
      what: name,
      expected: 'a variable that Zarpe knows',
      got: 'an unknown name',
      hint:
        suggestion === undefined
          ? 'Remove it. `explain` lists all variables.'
          : `Did you mean ${suggestion}?`,
    };
  });
}

/** A problem where the app's folder is named by a file: it is needed before any file is read. */
export function checkAppDir(variables: Readonly<Record<string, string>>): SettingProblem[] {
  if (!('ENTRYPOINT_APP_DIR_FILE' in variables)) return [];
  return [
    {
      what: 'ENTRYPOINT_APP_DIR_FILE',
      expected: 'ENTRYPOINT_APP_DIR itself',
      got: 'a file with its value',
      hint: 'Set ENTRYPOINT_APP_DIR to the folder: it must be known before other files are read.',
    },
  ];
}

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(VARIABLES, name);
}

/** A path, where `off` is none. */
export function pathUnlessOff(value: string | undefined): string | undefined {
  return value === 'off' ? undefined : value;
}

export function unlessOff(value: number | 'off'): number | undefined {
  return value === 'off' ? undefined : value;
}

/** Docker sets `HOSTNAME` to the container ID and Kubernetes to the pod name: neither is an address to bind to. */
export function bindAddress(value: string): string {
  return value === hostname() ? VARIABLES.HOSTNAME.default : value;
}
