import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations', seed: 'node dist/seed.js' },
  // Read here rather than with `env()`, which would make `prisma generate` ask for a database.
  datasource: { url: process.env.DIRECT_URL || process.env.DATABASE_URL || '' },
});
