import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import type { Context } from '../../core/context.ts';
import { BootError } from '../../core/errors.ts';
import type { StepLog } from '../../core/step-log.ts';
import { count } from '../../lib/count.ts';
import type { StandaloneBuild } from '../check-build.ts';
import { fillFiles, namesIn } from './fill-build.ts';
import { type Layout, layoutOf } from './layout.ts';
import { mirror } from './mirror.ts';
import { warnOfOthers } from './owners.ts';
import { isWithin } from './paths.ts';
import { readPlaceholders } from './placeholder-list.ts';
import { publish } from './publish.ts';
import type { RuntimeValuesConfig, ValuesTarget } from './settings.ts';

/** What a start would put into the build. */
export interface FilledBuild {
  /** The changed files by their paths from the root. */
  readonly texts: ReadonlyMap<string, string>;
  /** Of all that decides what is served. */
  readonly digest: string;
  readonly names: ReadonlySet<string>;
}

/** Fills the placeholders in memory; throws what a start would. */
export async function fillBuild(
  layout: Layout,
  config: RuntimeValuesConfig,
  log: Pick<StepLog, 'info' | 'warn'>,
  signal: AbortSignal,
): Promise<FilledBuild> {
  checkFolder(config.writeTo, layout);
  const list = await readPlaceholders(layout, config, log, signal);
  const texts = fillFiles(list.files, layout, config);
  const names = namesIn(list.files);
  const lost = config.placeholders.filter(({ name }) => !names.has(name));
  for (const { name, text } of lost)
    log.warn('warning', `the build has no placeholder of ${name}: build it with ${name}=${text}`);
  const digest = digestOfAll([list.key, list.digest, layout.root], texts);
  return { texts, digest, names };
}

/** One text after the other: a JSON of them all would take as much memory again. */
function digestOfAll(about: readonly string[], texts: ReadonlyMap<string, string>): string {
  const lengths = [...texts].map(([path, text]) => [path, text.length]);
  const all = createHash('sha256').update(JSON.stringify([about, lengths]));
  for (const text of texts.values()) all.update(text);
  return all.digest('hex').slice(0, 32);
}

/** A folder in what is copied would hold itself. */
function checkFolder(writeTo: string, { nextDir, publicDir }: Layout): void {
  const within = [nextDir, publicDir].find((dir) => isWithin(writeTo, dir));
  if (within === undefined) return;
  throw new BootError('CONFIG_INVALID', {
    what: 'zarpe.config.json: runtimeValues.writeTo',
    expected: 'a folder outside of the build and of public',
    got: writeTo,
    hint: 'Set it to another folder, such as /run/zarpe, or remove it.',
  });
}

/** Writes the build with its values, and answers with the build to serve. */
export async function writeBuild(
  build: StandaloneBuild,
  { appDir, runtimeValues: config, isSupervised }: ValuesTarget,
  { shutdown }: Context,
  log: StepLog,
): Promise<StandaloneBuild> {
  const { signal } = shutdown;
  const { next } = build;
  const layout = layoutOf(appDir, next);
  const { texts, digest, names } = await fillBuild(layout, config, log, signal);
  const { dir, isNew } = await publish(config.writeTo, { digest, isSupervised }, (target) =>
    mirror(layout, texts, target, { without: config.writeTo, signal }),
  );
  const warning = warnOfOthers(config.writeTo);
  if (warning !== undefined) log.warn('warning', warning);
  const what = `${count(names.size, 'value')} in ${count(texts.size, 'file')}`;
  log.done(isNew ? `put ${what} into a copy of the build in ${dir}` : `an earlier start put ${what}: ${dir}`);
  const moved = (path: string) => join(dir, relative(layout.root, path));
  const serverPath = moved(next.serverPath);
  const workDir = isWithin(appDir, layout.root) ? moved(appDir) : appDir;
  return {
    ...build,
    server: { ...build.server, command: ['node', serverPath], dir: workDir, name: serverPath },
    next: { ...next, serverPath, nextDir: moved(next.nextDir) },
  };
}
