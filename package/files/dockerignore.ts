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
  'docker-compose*.yml',
  'compose*.y*ml',
  'backups',
  'coverage',
  'secrets',
];

/** What no build reads, secrets above all; after what the project's own file says. */
export function dockerignore(existing: string | undefined): string {
  const own = existing?.split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, '')) ?? [];
  const missing = LINES.filter((line) => !own.includes(line));
  if (missing.length === 0) return existing ?? '';
  const before = existing === undefined ? '' : `${existing.trimEnd()}\n\n`;
  return `${before}# Nothing of this may reach a layer of the image.\n${missing.join('\n')}\n`;
}
