import { defineConfig } from 'prisma/config';

// `prisma generate` uses no engine, but downloads one unless it is told of a file that could be it.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node dist/seed.js' },
  // Read here rather than with `env()`, which would make `prisma generate` ask for a database.
  datasource: { url: process.env.DIRECT_URL || process.env.DATABASE_URL || '' },
});
