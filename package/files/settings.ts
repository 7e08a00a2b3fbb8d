import type { Project } from '../project/project.ts';
import { zarpeFolder } from './dockerfile.ts';

const DEFAULT_HEALTH_PATH = '/api/health';
const AUTH_SECRETS = /^(?:NEXTAUTH_SECRET|AUTH_SECRET|BETTER_AUTH_SECRET)$/;

/** The settings of the image, in `zarpe.config.json`: only what differs from the defaults. */
export function settings(project: Project): string {
  const { app, prisma, variables } = project;
  const secrets = variables.runtime.filter(({ name }) => AUTH_SECRETS.test(name));
  const urlNames = prisma.urlNames.filter((name) => !/DIRECT|UNPOOLED/.test(name));
  const [urlName] = urlNames;
  return `${JSON.stringify(
    {
      $schema: `./${zarpeFolder(project)}/zarpe.config.schema.json`,
      ...(app !== '' && { server: `${app}/server.js` }),
      ...(prisma.dir !== 'prisma' && { prismaDir: prisma.dir }),
      ...(prisma.migrations === undefined && { migrate: 'skip' }),
      ...(urlName !== undefined && !urlNames.includes('DATABASE_URL') && { databaseUrlFrom: [urlName] }),
      ...seed(project),
      ...(secrets.length > 0 && { requireEnv: secrets.map(({ name }) => `${name}:32`) }),
      ...healthPath(project),
    },
    null,
    2,
  )}\n`;
}

function seed({ prisma: { seed: source, tables } }: Project): object {
  const [likeliest] = tables;
  if (source === undefined) return { seed: 'never' };
  if (likeliest === undefined || /^(?:users|User|user)$/.test(likeliest)) return {};
  return { seedTable: likeliest };
}

/** The path of the route that exists. Zarpe adds the base path to its default only. */
function healthPath({ next }: Project): object {
  if (next.healthPath === undefined || next.healthPath === DEFAULT_HEALTH_PATH) return {};
  return { healthPath: `${next.basePath}${next.healthPath}` };
}
