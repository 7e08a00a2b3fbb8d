import { stripComments } from '../../entrypoint/lib/strip-comments.ts';
import { findClosing, findConfigObject } from '../project/config-object.ts';
import type { Project } from '../project/project.ts';

type NextProject = Pick<Project, 'app' | 'next' | 'manifest'>;

/** The oldest version that reads a configuration in TypeScript. */
const FIRST_WITH_TS_CONFIG = 15;
const TRACING_ROOT = 'outputFileTracingRoot';
const EXPERIMENTAL = /\bexperimental\s*:\s*\{/;

/** The file of the configuration from the app's folder: the one that exists, or the one to write. */
export function configFile({ next }: Pick<Project, 'next'>): string {
  const readsTypeScript = (next.major ?? FIRST_WITH_TS_CONFIG) >= FIRST_WITH_TS_CONFIG;
  return next.config ?? (next.isTypeScript && readsTypeScript ? 'next.config.ts' : 'next.config.mjs');
}

/** The configuration with what a standalone build needs; undefined if its form is not known or nothing is missing. */
export function nextConfig(project: NextProject, source: string | undefined): string | undefined {
  const names = missingNames(project);
  if (names.length === 0 || project.next.otherOutput !== undefined) return undefined;
  const join = findJoin(project, source ?? '');
  const options = missingOptions(project, join.call);
  if (source === undefined) return newConfig(project, options);
  const brace = findConfigObject(source);
  if (brace === undefined) return undefined;
  const changed = insert(source, brace, options, project);
  if (changed === undefined) return undefined;
  const text = names.includes(TRACING_ROOT) && join.isMissing ? addImport(changed) : changed;
  return source.includes('\r\n') ? text.replaceAll(/\r?\n/g, '\r\n') : text;
}

/** The options that are missing, as they would be written. */
export function missingOptions(project: NextProject, join: string): string[] {
  const { app, next, manifest } = project;
  const isModule =
    /\.mjs$/.test(configFile({ next })) || (/\.js$/.test(configFile({ next })) && manifest.type === 'module');
  const up = app.replaceAll(/[^/]+/g, '..');
  return missingNames(project).map((name) => {
    if (name !== TRACING_ROOT) return "output: 'standalone'";
    const option = `${TRACING_ROOT}: ${join}(${isModule ? 'import.meta.dirname' : '__dirname'}, '${up}')`;
    return needsExperimental(project) ? `experimental: { ${option} }` : option;
  });
}

function missingNames({ app, next }: NextProject): string[] {
  return [
    ...(next.isStandalone ? [] : ['output']),
    ...(app === '' || next.hasTracingRoot ? [] : [TRACING_ROOT]),
  ];
}

function needsExperimental({ next }: NextProject): boolean {
  return next.hasExperimentalTracingRoot;
}

/** How the file calls `join`, and whether it must import it for that. */
function findJoin({ next }: NextProject, source: string): { call: string; isMissing: boolean } {
  const text = stripComments(source);
  if (/\{[^}]*\bjoin\b[^}]*\}\s*(?:from|=\s*require\()\s*['"](?:node:)?path['"]/.test(text))
    return { call: 'join', isMissing: false };
  const [, name] =
    /\bimport\s+(?:\*\s+as\s+)?(\w+)\s+from\s+['"](?:node:)?path['"]/.exec(text) ??
    /\b(?:const|let|var)\s+(\w+)\s*=\s*require\(\s*['"](?:node:)?path['"]/.exec(text) ??
    [];
  if (name !== undefined) return { call: `${name}.join`, isMissing: false };
  const isCommonJs = /\.js$/.test(configFile({ next })) && /\bmodule\.exports\b|\brequire\(/.test(text);
  return isCommonJs
    ? { call: "require('node:path').join", isMissing: false }
    : { call: 'join', isMissing: true };
}

/** Puts options at the beginning of an object; undefined if `experimental` has a form that is not known. */
function insert(
  source: string,
  brace: number,
  options: readonly string[],
  project: NextProject,
): string | undefined {
  const text = stripComments(source);
  const object = text.slice(brace, findClosing(text, brace) + 1);
  const inner = EXPERIMENTAL.exec(object);
  const nested = needsExperimental(project) && /\bexperimental\b/.test(object);
  if (!nested) return insertAt(source, brace, options);
  if (inner === null) return undefined;
  const innerBrace = brace + inner.index + inner[0].length - 1;
  const isNested = (option: string) => option.startsWith('experimental');
  const withInner = insertAt(
    source,
    innerBrace,
    options.filter(isNested).map((option) => option.replace(/^experimental: \{ | \}$/g, '')),
  );
  return insertAt(
    withInner,
    brace,
    options.filter((option) => !isNested(option)),
  );
}

function insertAt(source: string, brace: number, options: readonly string[]): string {
  if (options.length === 0) return source;
  const before = source.slice(0, brace + 1);
  const after = source.slice(brace + 1);
  const [, indent = ''] = /(?:^|\n)([ \t]*)[^\n]*$/.exec(before) ?? [];
  const [, inner = `${indent}  `] = /^[ \t]*\r?\n([ \t]+)\S/.exec(after) ?? [];
  const onOneLine = /^[ \t]*[^\s}/]/.test(after);
  if (onOneLine)
    return `${before} ${options.map((option) => `${option},`).join(' ')}${after.replace(/^\s*/, ' ')}`;
  const lines = options
    .map((option) => `\n${inner.length > indent.length ? inner : `${indent}  `}${option},`)
    .join('');
  return `${before}${lines}${/^[ \t]*\}/.test(after) ? `\n${indent}${after.trimStart()}` : after}`;
}

/** Before the first import; otherwise below the comments that are about the whole file. */
function addImport(source: string): string {
  const line = "import { join } from 'node:path';\n";
  const first = /^import\b/m.exec(source);
  const at =
    first?.index ?? /^\uFEFF?(?:(?:\/\/.*|#!.*|['"]use strict['"];?)\r?\n)*/.exec(source)?.[0].length ?? 0;
  return `${source.slice(0, at)}${line}${source.slice(at)}`;
}

function newConfig({ next }: NextProject, options: readonly string[]): string {
  const isTypeScript = configFile({ next }).endsWith('.ts');
  return [
    ...(options.some((option) => option.includes('join(')) ? ["import { join } from 'node:path';"] : []),
    ...(isTypeScript ? ["import type { NextConfig } from 'next';", ''] : []),
    'export default {',
    ...options.map((option) => `  ${option},`),
    `}${isTypeScript ? ' satisfies NextConfig' : ''};`,
    '',
  ].join('\n');
}
