import type { Project } from '../project/project.ts';

const HEAD = [
  '# cp .env.example .env && chmod 600 .env, then fill it in. Docker Compose reads it, the image does not contain it.',
  '# Put a value that contains a $ in single quotes.',
];
const COMPOSE = [
  '# The password of the database, any characters except a single quote: openssl rand -hex 24',
  "POSTGRES_PASSWORD=''",
  '# APP_BIND=127.0.0.1',
  '# APP_PORT=3000',
  '# BACKUP_AT=03:15',
];
/** What the Compose file itself reads from `.env`. */
const OF_COMPOSE = /^(?:POSTGRES_PASSWORD|APP_BIND|APP_PORT|BACKUP_AT)$/;

/** The variables of the Compose file, and those that the app's code reads; after what the project's own file has. */
export function envExample({ variables }: Project, existing: string | undefined): string {
  const own = new Set(
    [...(existing ?? '').matchAll(/^[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?(\w+)[ \t]*=/gm)].map(
      ([, name]) => name,
    ),
  );
  const runtime = variables.runtime.filter(({ name }) => !OF_COMPOSE.test(name) && !own.has(name));
  const build = variables.build.filter((name) => !own.has(name));
  const parts = [
    ...(existing === undefined ? [HEAD] : []),
    ...(own.has('POSTGRES_PASSWORD') ? [] : [COMPOSE]),
    ...(runtime.length === 0 ? [] : [['# Read by the app when it runs.', ...runtime.map(runtimeLine)]]),
    ...(build.length === 0
      ? []
      : [
          [
            '# Part of the code that browsers run: a change needs a new build.',
            ...build.map((name) => `${name}=''`),
          ],
        ]),
  ].map((lines) => lines.join('\n'));
  if (existing !== undefined && parts.length === 0) return existing;
  return `${[...(existing === undefined ? [] : [existing.trimEnd()]), ...parts].join('\n\n')}\n`;
}

function runtimeLine({ name, secret }: { readonly name: string; readonly secret: boolean }): string {
  return secret ? `# A secret: openssl rand -base64 48\n${name}=''` : `${name}=''`;
}
