import { DEFAULT_HEALTH_PATH } from '../../entrypoint/core/health-path.ts';
import { zarpeFolder } from '../project/places.ts';
import { besideSchema } from '../project/prisma-project.ts';
import type { Project } from '../project/project.ts';
import { isFolder } from '../project/read.ts';

const AUTH_SECRETS = /^(?:NEXTAUTH_SECRET|AUTH_SECRET|BETTER_AUTH_SECRET)$/;

/** The settings of the image, in `zarpe.config.json`: only what differs from the defaults. What the project's file has wins. */
export function settings(project: Project): string {
  const { app, prisma, variables, settings: existing } = project;
  const secrets = variables.runtime.filter(({ name }) => AUTH_SECRETS.test(name));
  const urlNames = prisma.urlNames.filter((name) => !/DIRECT|UNPOOLED/.test(name));
  const [urlName] = urlNames;
  return `${JSON.stringify(
    {
      $schema: `./${zarpeFolder(project)}/zarpe.config.schema.json`,
      ...(app !== '' && existing?.serverCommand === undefined && { server: `${app}/server.js` }),
      ...prismaPlaces(project),
      ...(urlName !== undefined && !urlNames.includes('DATABASE_URL') && { databaseUrlFrom: [urlName] }),
      ...seed(project),
      ...(secrets.length > 0 && { requireEnv: secrets.map(({ name }) => `${name}:32`) }),
      ...healthPath(project),
      ...existing,
    },
    null,
    2,
  )}\n`;
}

/** The schema's folder, or its file where the folder holds more; the migrations where they are not beside it. */
function prismaPlaces({ root, prisma, settings: existing }: Project): object {
  const { dir, files, migrations } = prisma;
  const [file, ...others] = files;
  const schema = prisma.isOwnFolder || others.length > 0 ? dir : file;
  const place = schema === 'prisma' ? {} : { prismaDir: schema };
  if (migrations === undefined)
    return { ...place, ...(existing?.migrationsDir === undefined && { migrate: 'skip' }) };
  const found = besideSchema(root, dir, files).find((one) => isFolder(root, one));
  return { ...place, ...(migrations !== found && { migrationsDir: migrations }) };
}

function seed({ prisma: { seed: source, tables }, settings: existing }: Project): object {
  const [likeliest] = tables;
  if (source === undefined && existing?.seedCommand === undefined) return { seed: 'never' };
  if (likeliest === undefined || /^(?:users|User|user)$/.test(likeliest)) return {};
  return { seedTable: likeliest };
}

/** The path of the route that exists, as it is requested. Only Zarpe's default follows what the build has. */
function healthPath({ next }: Project): object {
  const path = next.healthPath ?? DEFAULT_HEALTH_PATH;
  if (path === DEFAULT_HEALTH_PATH) return {};
  return { healthPath: `${next.basePath}${path}${next.hasTrailingSlash ? '/' : ''}` };
}
