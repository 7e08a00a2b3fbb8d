import type { Settings } from '../../config/settings.ts';
import type { Context } from '../../core/context.ts';
import { toBootError } from '../../core/to-boot-error.ts';
import { count } from '../../lib/count.ts';
import type { Build } from '../../steps/check-build.ts';
import { layoutOf } from '../../steps/runtime-values/layout.ts';
import { warnOfOthers } from '../../steps/runtime-values/owners.ts';
import { findWriteProblem } from '../../steps/runtime-values/publish.ts';
import { fillBuild } from '../../steps/runtime-values/write-build.ts';
import { WITHOUT_BUILD } from '../../steps/runtime-values.ts';
import { type Finding, failures, ok, warning } from './finding.ts';

/** Whether the boot can put each value into the build. */
export async function checkValues(
  { appDir, runtimeValues: config }: Settings,
  build: Build | undefined,
  { shutdown }: Context,
): Promise<Finding[]> {
  if (config === undefined || build === undefined) return [];
  if (build.next === undefined) return [warning('values', WITHOUT_BUILD)];
  const findings: Finding[] = [];
  const log = {
    info: (_: string, message: string) => findings.push(ok('values', message)),
    warn: (_: string, message: string) => findings.push(warning('values', message)),
  };
  const layout = layoutOf(appDir, build.next);
  try {
    const { texts, names } = await fillBuild(layout, config, log, shutdown.signal);
    const what = `${count(names.size, 'value')} into ${count(texts.size, 'file')}`;
    findings.push(ok('values', `the boot would put ${what} of a copy of the build in ${config.writeTo}`));
  } catch (error) {
    findings.push(...failures('values', toBootError(error)));
  }
  const problem = findWriteProblem(config.writeTo);
  if (problem !== undefined) return [...findings, ...failures('values', problem)];
  const others = warnOfOthers(config.writeTo);
  if (others !== undefined) findings.push(warning('values', others));
  return findings;
}
