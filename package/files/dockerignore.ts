import { distDir } from '../project/places.ts';
import type { Project } from '../project/project.ts';

const LINES = [
  '.git',
  '.github',
  '**/node_modules',
  '**/.next',
  '**/.turbo',
  '**/.env*',
  '!**/.env.example',
  '**/*.pem',
  '**/*.key',
  '**/*.log',
  '**/*.dump',
  '**/.DS_Store',
  'Dockerfile*',
  'docker-compose*.y*ml',
  'compose*.y*ml',
  '**/*.before-zarpe*',
  'backups',
  'coverage',
  'secrets',
];

/** What no build reads, secrets above all; after what the project's own file says. */
export function dockerignore(project: Project, existing: string | undefined): string {
  const own = existing?.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, '')) ?? [];
  const missing = [...LINES, ...builds(project)].filter((line) => !own.includes(line));
  if (missing.length === 0) return existing ?? '';
  const before = existing === undefined ? '' : `${existing.trimEnd()}\n\n`;
  return `${before}# Nothing of this may reach a layer of the image.\n${missing.join('\n')}\n`;
}

/** A build of the host that `.next` does not name. */
function builds(project: Project): string[] {
  return project.next.distDir === '.next' ? [] : [distDir(project)];
}
