import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { SettingProblem } from '../core/errors.ts';
import { decodeUtf8 } from '../lib/decode-utf8.ts';
import { codeOf } from '../lib/describe-error.ts';
import { findJsonFault } from '../lib/json-fault.ts';
import { nearest } from '../lib/nearest.ts';
import { describeUnreadable, readRegularFile } from '../lib/regular-file.ts';
import { findNul } from './config-file/find-nul.ts';
import { CONFIG_FILE, inConfigFile, isSecret, variablesByKey } from './config-file/keys.ts';
import { isSectionName, readSection, SECTION_NAMES, type Sections } from './config-file/sections.ts';
import { describeType, expectedInFile, toText } from './config-file/to-text.ts';
import { VARIABLES, type VariableName } from './variables.ts';

/** Each text of it fits into a variable or an argument: Linux limits one to 128 kB. */
const LARGEST_BYTES = 64 * 1024;

/** What `zarpe.config.json` says, with its problems for `readConfig` to report. */
export interface ConfigFile {
  /** The values of variables, by their names. */
  readonly values: Readonly<Partial<Record<VariableName, string>>>;
  /** What has no variable. */
  readonly sections: Sections;
  readonly problems: readonly SettingProblem[];
}

/** What an app without the file has. */
export const NO_CONFIG_FILE: ConfigFile = { values: {}, sections: {}, problems: [] };

/** Reads the file beside `entrypoint.js`, if there is one. */
export function readConfigFile(appDir: string): ConfigFile {
  try {
    const bytes = readRegularFile(join(appDir, CONFIG_FILE), LARGEST_BYTES);
    return parseConfigFile(decodeUtf8(bytes).replace(/^\uFEFF/, ''));
  } catch (error) {
    const path = join(appDir, CONFIG_FILE);
    const isMissing = codeOf(error) === 'ENOENT';
    if (isMissing && lstatSync(path, { throwIfNoEntry: false }) === undefined) return NO_CONFIG_FILE;
    return withProblem({
      what: CONFIG_FILE,
      expected: `a readable file in UTF-8 of ${LARGEST_BYTES} bytes at most`,
      got: isMissing ? 'a symbolic link to a file that does not exist' : describeUnreadable(error),
      hint: `Fix or remove ${path}.`,
    });
  }
}

export function parseConfigFile(text: string): ConfigFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const { line, column, ...fault } = findJsonFault(text);
    return withProblem({ what: `${CONFIG_FILE}, line ${line}, column ${column}`, ...fault });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return withProblem({
      what: CONFIG_FILE,
      expected: 'an object',
      got: describeType(json),
      hint: 'Write { "KEY": VALUE }.',
    });
  return readKeys(json);
}

function withProblem(problem: SettingProblem): ConfigFile {
  return { ...NO_CONFIG_FILE, problems: [problem] };
}

function readKeys(json: object): ConfigFile {
  const known = variablesByKey();
  const values: Partial<Record<VariableName, string>> = {};
  const sections: Sections = {};
  const problems = findNul(json);
  for (const [key, value] of Object.entries(json)) {
    const name = known.get(key);
    if (key === '$schema') continue;
    if (isSectionName(key)) readSection(key, value, sections, problems);
    else if (name === undefined) problems.push(unknownKey(key, known));
    else if (isSecret(name)) problems.push(secretKey(key, name));
    else {
      const text = toText(VARIABLES[name], value);
      if (text === undefined) problems.push(wrongType(key, name, value));
      else values[name] = text;
    }
  }
  return { values, sections, problems };
}

function unknownKey(key: string, known: ReadonlyMap<string, VariableName>): SettingProblem {
  const variable = [...known].find(([, name]) => name === key)?.[0];
  const keys = [...known].filter(([, name]) => !isSecret(name)).map(([other]) => other);
  const suggestion = variable ?? nearest(key, [...keys, ...SECTION_NAMES]);
  return {
    what: inConfigFile(key),
    expected: 'a key that Zarpe knows',
    got: 'an unknown key',
    hint: suggestion === undefined ? 'Remove it. `explain` lists all keys.' : `Did you mean ${suggestion}?`,
  };
}

function secretKey(key: string, name: VariableName): SettingProblem {
  return {
    what: inConfigFile(key),
    expected: 'no secret in a file of the image',
    got: `the value of ${name}`,
    hint: `Remove it, and set ${name} or ${name}_FILE in the environment. If the image was published, replace the secret.`,
  };
}

function wrongType(key: string, name: VariableName, value: unknown): SettingProblem {
  return {
    what: inConfigFile(key),
    expected: expectedInFile(VARIABLES[name]),
    got: describeType(value),
    hint: 'Fix it, or remove it.',
  };
}
