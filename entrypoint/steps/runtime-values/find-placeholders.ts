import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod/mini';
import { BootError, type SettingProblem } from '../../core/errors.ts';
import { findHashed } from './find/integrity.ts';
import { UnreadableTextError } from './find/strings.ts';
import { findHoles, type Language, languageOf } from './find-holes.ts';
import type { Hole } from './holes.ts';
import { type BuildFile, isCopied, type Layout, listBuildFiles } from './layout.ts';
import { readOfBuild } from './readable.ts';
import { createSearch, type Search } from './search.ts';
import type { RuntimeValuesConfig } from './settings.ts';

/** The places for values in a build. */
export interface PlaceholderList {
  /** Of the settings, and of the names and sizes of all files: a list with another key is not of this build. */
  readonly key: string;
  /** Of the content of the build. */
  readonly digest: string;
  readonly searched: number;
  readonly files: readonly FileWithHoles[];
}

export interface FileWithHoles {
  /** From the root of the layout. */
  readonly path: string;
  /** Of its content. */
  readonly digest: string;
  readonly holes: readonly Hole[];
}

type Places = Pick<RuntimeValuesConfig, 'placeholders' | 'prefixes'>;

/** Next.js cuts a payload anywhere, also within a placeholder. */
const JOINT = /"\]\)<\/script><script\b[^>]*>self\.__next_f\.push\(\[1,"/g;
const MOST_PROBLEMS = 20;
const FILES_AT_A_TIME = 50;

/** Searches every text of the build; throws one error with each place where no value can be written. */
export async function findPlaceholders(
  layout: Layout,
  places: Places,
  signal: AbortSignal,
): Promise<PlaceholderList> {
  const search =
    places.placeholders.length + places.prefixes.length > 0
      ? createSearch(places.placeholders, places.prefixes)
      : undefined;
  const all = createHash('sha256');
  const files: FileWithHoles[] = [];
  const problems: SettingProblem[] = [];
  const listed = listBuildFiles(layout);
  for (const [index, { path }] of listed.entries()) {
    if (index % FILES_AT_A_TIME === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    const whole = join(layout.root, path);
    const language = languageOf(path, path.endsWith('.body') ? contentTypeOf(whole) : undefined);
    if (language === undefined && !isCopied(whole, layout)) continue;
    const content = readOfBuild(() => readFileSync(whole));
    all.update(`${path}\0${content.length}\0`).update(content);
    try {
      const holes = search && language ? findInFile(content, language, search) : [];
      if (holes.length > 0) files.push({ path, digest: digestOf(content), holes });
    } catch (error) {
      if (!(error instanceof UnreadableTextError)) throw error;
      problems.push(describeUnreadable(path, error));
    }
  }
  const changed = files.map(({ path }) => join(layout.root, path));
  problems.push(
    ...findHashed(layout.nextDir, changed).map((path) => describeHashed(relative(layout.root, path))),
  );
  if (problems.length > 0) throw new BootError('PLACEHOLDER_UNFILLABLE', problems.slice(0, MOST_PROBLEMS));
  return { key: keyOf(listed, places), digest: all.digest('hex'), searched: listed.length, files };
}

/** The key of a list of this build. */
export function keyOfBuild(layout: Layout, places: Places): string {
  return keyOf(listBuildFiles(layout), places);
}

export function digestOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

function keyOf(listed: readonly BuildFile[], { placeholders, prefixes }: Places): string {
  const names = listed.map(({ path, bytes }) => `${path}\0${bytes}`);
  return digestOf(JSON.stringify([placeholders, prefixes, names]));
}

function findInFile(content: Buffer, language: Language, search: Search): Hole[] {
  const text = content.toString();
  if (search.traces(withoutJoints(text, language)).length === 0) return [];
  if (!Buffer.from(text).equals(content)) throw new UnreadableTextError('a text that is not UTF-8');
  return findHoles(text, language, search);
}

function withoutJoints(text: string, language: Language): string {
  return language === 'markup' ? text.replace(JOINT, '') : text;
}

/** Of an answer that Next.js stored with its headers. */
function contentTypeOf(path: string): string | undefined {
  try {
    const meta: unknown = JSON.parse(readFileSync(path.replace(/\.body$/, '.meta'), 'utf8'));
    const { headers } = z.object({ headers: z.record(z.string(), z.unknown()) }).parse(meta);
    return String(headers['content-type'] ?? '');
  } catch {
    return undefined;
  }
}

function describeHashed(path: string): SettingProblem {
  return {
    what: path,
    expected: 'placeholders only in files that the browser does not compare with a hash',
    got: 'a script with subresource integrity (experimental.sri)',
    hint: 'Build without experimental.sri, or use `runtimeValues.browserEnv`, a file without a hash.',
  };
}

function describeUnreadable(path: string, { message }: UnreadableTextError): SettingProblem {
  return {
    what: path,
    expected: 'placeholders only where values can be written',
    got: message,
    hint: 'Declare it in `runtimeValues.placeholders`, or read the variable elsewhere in the code: docs/run-time-values.md.',
  };
}
