import type { Project } from '../../project/project.ts';

/** Valid, and of no database: what needs a URL only to be built gets this one. */
const BUILD_URL = 'postgresql://build:build@127.0.0.1:5432/build';

/** The variables that `prisma generate` reads, as a shell sets them before a command. */
export function generateVariables(project: Project): string[] {
  return [...urlVariables(project), ...engineVariables(project)];
}

/** The names of connection strings that the schema or `prisma.config` reads. */
export function urlVariables({ prisma }: Project): string[] {
  return [...new Set(['DATABASE_URL', ...prisma.urlNames])].map((name) => `${name}=${BUILD_URL}`);
}

/** A client without an engine needs none to be generated either, but Prisma downloads them unless it is given files that could be them. */
export function engineVariables({ prisma: { hasEngine, major } }: Project): string[] {
  if (hasEngine) return [];
  const names = ['PRISMA_SCHEMA_ENGINE_BINARY', ...(major === 6 ? ['PRISMA_QUERY_ENGINE_LIBRARY'] : [])];
  return names.map((name) => `${name}="$(command -v node)"`);
}
