import type { Project } from '../project/project.ts';

/** What the Compose file itself reads from `.env`. */
const OF_COMPOSE = /^(?:POSTGRES_PASSWORD|APP_BIND|APP_PORT|BACKUP_AT)$/;

/** The variables of the Compose file, and those that the app's code reads. */
export function envExample({ variables }: Project): string {
  const { build } = variables;
  const runtime = variables.runtime.filter(({ name }) => !OF_COMPOSE.test(name));
  const line = ({ name, secret }: { name: string; secret: boolean }) =>
    secret ? `# A secret: openssl rand -base64 48\n${name}=''` : `${name}=''`;
  return `${[
    '# cp .env.example .env && chmod 600 .env, then fill it in. Docker Compose reads it, the image does not contain it.',
    '# Put a value that contains a $ in single quotes.',
    '',
    '# The password of the database, any characters except a single quote: openssl rand -hex 24',
    "POSTGRES_PASSWORD=''",
    '# APP_BIND=127.0.0.1',
    '# APP_PORT=3000',
    '# BACKUP_AT=03:15',
    ...(runtime.length === 0 ? [] : ['', '# Read by the app when it runs.', ...runtime.map(line)]),
    ...(build.length === 0
      ? []
      : [
          '',
          '# Part of the code that browsers run: a change needs a new build.',
          ...build.map((name) => `${name}=''`),
        ]),
  ].join('\n')}\n`;
}
