import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { StepLog } from '../../core/step-log.ts';
import { ENCODER_NAMES } from './encode.ts';
import {
  digestOf,
  type FileWithHoles,
  findPlaceholders,
  keyOfBuild,
  type PlaceholderList,
} from './find-placeholders.ts';
import type { Layout } from './layout.ts';
import { readOfBuild } from './readable.ts';
import type { RuntimeValuesConfig } from './settings.ts';

/** What `find-placeholders` writes beside `entrypoint.js` while an image is built. */
export const LIST_FILE = 'zarpe.placeholders.json';
/** Another version of Zarpe may understand a list otherwise. */
export const LIST_VERSION = 1;

/** A file with holes, as it is in the build. */
export interface ReadFile extends Omit<FileWithHoles, 'digest'> {
  readonly text: string;
}

export interface ReadList extends Pick<PlaceholderList, 'key' | 'digest'> {
  readonly files: readonly ReadFile[];
}

/** The list made when the image was built, if it is of this build; otherwise the build is searched now. */
export async function readPlaceholders(
  layout: Layout,
  config: RuntimeValuesConfig,
  log: Pick<StepLog, 'info' | 'warn'>,
  signal: AbortSignal,
): Promise<ReadList> {
  const stored = parseList(join(layout.appDir, LIST_FILE));
  const isOfBuild = stored !== undefined && stored.key === keyOfBuild(layout, config);
  const files = isOfBuild ? readFiles(stored, layout) : undefined;
  if (isOfBuild && files !== undefined) return { ...stored, files };
  const list = await findPlaceholders(layout, config, signal);
  const searched = `searched ${list.searched} files for placeholders`;
  const advice =
    'RUN node entrypoint.js find-placeholders, as the last line that changes the build, saves that';
  if (stored === undefined) log.info('notice', `${searched}: ${advice}`);
  else log.warn('warning', `${LIST_FILE} is of another build or of other settings; ${searched}: ${advice}`);
  return { ...list, files: readFiles(list, layout) ?? [] };
}

/** The files of a list with their texts; undefined if one is not as the list knows it. */
function readFiles(list: PlaceholderList, { root }: Layout): ReadFile[] | undefined {
  const files: ReadFile[] = [];
  for (const { path, digest, holes } of list.files) {
    const content = readOfBuild(() => readFileSync(join(root, path)));
    if (digestOf(content) !== digest) return undefined;
    files.push({ path, holes, text: content.toString() });
  }
  return files;
}

/** Undefined if there is none, or one that this version did not write. */
function parseList(path: string): PlaceholderList | undefined {
  try {
    const { list } = listSchema().parse(JSON.parse(readFileSync(path, 'utf8')));
    return list;
  } catch {
    return undefined;
  }
}

function listSchema() {
  const value = z.object({
    name: z.string(),
    encoders: z.array(z.enum(ENCODER_NAMES)),
    after: z.optional(z.array(z.string())),
  });
  const hole = z.object({
    start: z.number(),
    end: z.number(),
    value: z.optional(value),
    length: z.optional(z.object({ bytes: z.number(), values: z.array(value) })),
  });
  const file = z.object({ path: z.string(), digest: z.string(), holes: z.array(hole) });
  const list = z.object({
    key: z.string(),
    digest: z.string(),
    searched: z.number(),
    files: z.array(file),
  });
  return z.object({ version: z.literal(LIST_VERSION), list });
}
