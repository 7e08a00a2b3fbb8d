import { dirname, join, relative } from 'node:path';
import { BootError, type SettingProblem } from '../../core/errors.ts';
import { writeBrowserEnv } from './browser-env.ts';
import { fill, UnfillableError } from './holes.ts';
import type { Layout } from './layout.ts';
import type { ReadFile } from './placeholder-list.ts';
import type { RuntimeValuesConfig } from './settings.ts';

/** Control characters but tab and line ends, and halves of a character: no page can hold them. */
const UNWRITABLE = /[^\P{Cc}\t\n\r]|\p{Cs}/u;

/**
 * The files of the build with their values, by their paths from the root. Throws one `CONFIG_INVALID` with every value
 * that is missing or that its place cannot hold.
 */
export function fillFiles(
  files: readonly ReadFile[],
  layout: Layout,
  config: RuntimeValuesConfig,
): ReadonlyMap<string, string> {
  const problems = new Map<string, SettingProblem>();
  const read = (name: string) => (problems.has(name) ? '' : (config.values[name] ?? ''));
  for (const name of [...namesIn(files), ...namedIn(config)]) {
    const problem = checkValue(name, config.values[name]);
    if (problem !== undefined) problems.set(name, problem);
  }
  const filled = new Map<string, string>();
  for (const { path, text, holes } of files) {
    try {
      filled.set(path, fill(text, holes, read));
    } catch (error) {
      if (!(error instanceof UnfillableError)) throw error;
      if (!problems.has(error.variable)) problems.set(error.variable, describeUnfillable(error, path));
    }
  }
  if (problems.size > 0) throw new BootError('CONFIG_INVALID', [...problems.values()]);
  if (config.browserEnv !== undefined) {
    const path = join(relative(layout.root, dirname(layout.serverPath)), config.browserEnv.file);
    filled.set(path, writeBrowserEnv(config.browserEnv, config.values));
  }
  return filled;
}

/** The variables whose values stand in the files. */
export function namesIn(files: readonly Pick<ReadFile, 'holes'>[]): Set<string> {
  const holes = files.flatMap((file) => file.holes);
  return new Set(
    holes.flatMap(({ value, length }) =>
      [...(value ? [value] : []), ...(length?.values ?? [])].map(({ name }) => name),
    ),
  );
}

function namedIn({ placeholders, browserEnv }: RuntimeValuesConfig): string[] {
  return [...placeholders.map(({ name }) => name), ...(browserEnv?.names ?? [])];
}

function checkValue(name: string, value: string | undefined): SettingProblem | undefined {
  if (value === undefined)
    return {
      what: name,
      expected: 'a value for its placeholder in the build',
      got: 'nothing',
      hint: `Set ${name}, or give it a default in \`variables\` of zarpe.config.json ("" for none).`,
    };
  if (!UNWRITABLE.test(value)) return undefined;
  return {
    what: name,
    expected: 'a value that a page can hold',
    got: 'a value with a control character or half of a surrogate pair',
    hint: 'Remove the character.',
  };
}

function describeUnfillable({ variable, message }: UnfillableError, path: string): SettingProblem {
  return {
    what: variable,
    expected: `a value that can stand in ${path}`,
    got: `a value with special characters; its placeholder stands in ${message}`,
    hint: 'Use a value without them, or read the variable in a plain string of the code.',
  };
}
