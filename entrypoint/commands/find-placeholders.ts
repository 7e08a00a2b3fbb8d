import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toRuntimeValues } from '../config/runtime-values.ts';
import { BootError, EXIT_STATUS, type SettingProblem } from '../core/errors.ts';
import { explainLimit } from '../core/to-boot-error.ts';
import { count } from '../lib/count.ts';
import { messageOf } from '../lib/describe-error.ts';
import { checkNext } from '../steps/check-build/check-next.ts';
import { namesIn } from '../steps/runtime-values/fill-build.ts';
import { findPlaceholders } from '../steps/runtime-values/find-placeholders.ts';
import { layoutOf } from '../steps/runtime-values/layout.ts';
import { LIST_FILE, LIST_VERSION } from '../steps/runtime-values/placeholder-list.ts';
import type { Invocation } from './command.ts';

/** Lists the placeholders of the build while an image is built, so that a start reads only the files that have some. */
export async function findPlaceholdersOfImage({
  appDir,
  environment: { sections, variables },
  early,
  context,
}: Invocation): Promise<number> {
  return context.steps.run('values', async (log) => {
    const config = toRuntimeValues(sections.runtimeValues, variables, appDir);
    if (config === undefined || !('file' in early.server)) {
      log.skipped('skipped: zarpe.config.json has no `runtimeValues`, or the server is a command');
      return EXIT_STATUS.ok.status;
    }
    const problems: SettingProblem[] = [];
    const next = checkNext(appDir, early.server.file, problems);
    if (problems.length > 0) throw new BootError('BUILD_INCOMPLETE', problems);
    const list = await findPlaceholders(layoutOf(appDir, next), config, context.shutdown.signal);
    const path = join(appDir, LIST_FILE);
    writeList(path, `${JSON.stringify({ version: LIST_VERSION, list })}\n`);
    const names = [...namesIn(list.files)].sort();
    const found = names.length === 0 ? 'no placeholders' : `the placeholders of ${names.join(', ')}`;
    log.done(`found ${found} in ${list.files.length} of ${count(list.searched, 'file')}; wrote ${LIST_FILE}`);
    return EXIT_STATUS.ok.status;
  });
}

function writeList(path: string, text: string): void {
  const unfinished = `${path}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, text, { flag: 'wx' });
    renameSync(unfinished, path);
  } catch (error) {
    const problem = {
      message: `Could not write the list of placeholders: ${messageOf(error)}`,
      hint: 'In the Dockerfile RUN node entrypoint.js find-placeholders before USER, or as root (docker run --user 0).',
    };
    throw explainLimit(error) ?? new BootError('RUNTIME_VALUES_UNWRITABLE', problem, error);
  }
}
