import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type RuntimeValuesConfig, textOf } from '../steps/runtime-values/settings.ts';
import type { RuntimeValuesSection } from './config-file/runtime-values-section.ts';
import { isSecretName } from './secret-names.ts';

const DEFAULT_FILE = 'public/__ENV.js';
/** The variable with which `warm-cache` has the copy of the build written to a folder that it removes. */
export const WRITE_TO = 'ZARPE_WARM_CACHE';

/** The settings of the step, with the values of the environment; undefined without the section. */
export function toRuntimeValues(
  section: RuntimeValuesSection | undefined,
  variables: Readonly<Record<string, string>>,
  appDir: string,
): RuntimeValuesConfig | undefined {
  if (section === undefined) return undefined;
  const { placeholders = [], browserEnv, writeTo } = section;
  const texts = placeholders.filter((item) => typeof item !== 'string');
  const { names, prefixes } = split(placeholders.filter((item) => typeof item === 'string'));
  const forBrowser = browserEnv && { file: browserEnv.file ?? DEFAULT_FILE, ...split(browserEnv.names) };
  const wanted = new Set([...names, ...texts.map(({ name }) => name), ...(forBrowser?.names ?? [])]);
  const beginnings = [...prefixes, ...(forBrowser?.prefixes ?? [])];
  const isWanted = (name: string) =>
    wanted.has(name) || (isPublishable(name) && beginnings.some((prefix) => name.startsWith(prefix)));
  return {
    placeholders: [...names.map((name) => ({ name, text: textOf(name) })), ...texts],
    prefixes,
    browserEnv: forBrowser,
    writeTo:
      variables[WRITE_TO] ?? (writeTo === undefined ? join(tmpdir(), 'zarpe') : resolve(appDir, writeTo)),
    values: Object.fromEntries(Object.entries(variables).filter(([name]) => isWanted(name))),
  };
}

/** The names that the section lists, for which a `NAME_FILE` is read too. */
export function namesOf(section: RuntimeValuesSection | undefined): string[] {
  const { placeholders = [], browserEnv } = section ?? {};
  const listed = placeholders.map((item) => (typeof item === 'string' ? item : item.name));
  return split([...listed, ...(browserEnv?.names ?? [])]).names;
}

function split(list: readonly string[]): { readonly names: string[]; readonly prefixes: string[] } {
  const isPrefix = (name: string) => name.endsWith('*');
  return {
    names: list.filter((name) => !isPrefix(name)),
    prefixes: list.filter(isPrefix).map((name) => name.slice(0, -1)),
  };
}

/** Whether a variable may be read in the browser, by its name. */
export function isPublishable(name: string): boolean {
  return isPublic(name) || !isSecretName(name);
}

/** Next.js publishes the values of such variables by itself. */
export function isPublic(name: string): boolean {
  return name.startsWith('NEXT_PUBLIC_');
}
