import type * as z from 'zod/mini';
import type { SettingProblem } from '../../core/errors.ts';
import { nearest } from '../../lib/nearest.ts';
import { databasesSection } from './databases-section.ts';
import { hooksSection } from './hooks-section.ts';
import { inConfigFile } from './keys.ts';
import { runtimeValuesSection } from './runtime-values-section.ts';
import { describeType } from './to-text.ts';
import { variablesSection } from './variables-section.ts';

/** The keys of the file that stand for no variable: the schema of each, made only where the file has the key. */
export const SECTIONS = {
  databases: databasesSection,
  hooks: hooksSection,
  variables: variablesSection,
  runtimeValues: runtimeValuesSection,
} as const;

type SectionName = keyof typeof SECTIONS;
export type Sections = { -readonly [Name in SectionName]?: z.output<ReturnType<(typeof SECTIONS)[Name]>> };

export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

export function isSectionName(key: string): key is SectionName {
  return Object.hasOwn(SECTIONS, key);
}

/** Reads one section; each of its faults becomes a problem. */
export function readSection<Name extends SectionName>(
  name: Name,
  value: unknown,
  sections: Sections,
  problems: SettingProblem[],
): void {
  const read = SECTIONS[name]().safeParse(value);
  if (read.success) Object.assign(sections, { [name]: read.data });
  else for (const issue of read.error.issues) problems.push(...describeIssue(name, value, issue));
}

/** The message of an issue is what was expected; of unknown keys, the known ones. */
function describeIssue(section: string, value: unknown, issue: z.core.$ZodIssue): SettingProblem[] {
  const where = issue.path.reduce<string>(
    (path, part) => (typeof part === 'number' ? `${path}[${part}]` : `${path}.${String(part)}`),
    section,
  );
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    return [{ what: inConfigFile(where), expected, got: 'another name', hint: 'Rename it.' }];
  }
  if (issue.code !== 'unrecognized_keys') {
    const found = issue.path.reduce<unknown>((part, key) => Object(part)[key], value);
    const got = found === undefined ? 'nothing' : describeFound(found);
    return [{ what: inConfigFile(where), expected: issue.message, got, hint: 'Fix it.' }];
  }
  return issue.keys.map((key) => {
    const suggestion = nearest(key, issue.message.split(', '));
    return {
      what: inConfigFile(`${where}.${key}`),
      expected: `one of ${issue.message}`,
      got: 'an unknown key',
      hint: suggestion === undefined ? 'Remove it.' : `Did you mean ${suggestion}?`,
    };
  });
}

/** A value of the right type may hold a password. */
function describeFound(found: unknown): string {
  return typeof found === 'string' && found !== ''
    ? `a string of ${found.length} characters`
    : describeType(found);
}
