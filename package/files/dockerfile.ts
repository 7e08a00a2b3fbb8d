import type { Project } from '../project/project.ts';
import { builder } from './dockerfile/builder.ts';
import { deps } from './dockerfile/deps.ts';
import { runner } from './dockerfile/runner.ts';

/** The Dockerfile of a project: installs, builds, and runs with the entrypoint as a user without rights. */
export function dockerfile(project: Project): string {
  return `${[deps(project), builder(project), runner(project)].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
