import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LOCK = 'provider = "postgresql"\n';
const SCHEMA = 'datasource db {\n  provider = "postgresql"\n}\n';

const USERS = `CREATE TABLE "users" (
  "id" SERIAL PRIMARY KEY,
  "email" TEXT NOT NULL UNIQUE
);
INSERT INTO "users" ("email") VALUES ('admin@example.com');
`;

/** What real histories are made of, five kinds in turn. @type {((n: number) => string)[]} */
const KINDS = [
  (n) => `-- CreateTable
CREATE TABLE "table_${n}" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "table_${n}_pkey" PRIMARY KEY ("id")
);
`,
  (n) => `-- AlterTable
ALTER TABLE "table_${n - 1}" ADD COLUMN "note" TEXT, ADD COLUMN "rank" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex
CREATE INDEX "table_${n - 1}_rank_idx" ON "table_${n - 1}"("rank");
`,
  (n) => `-- CreateEnum
CREATE TYPE "state_${n}" AS ENUM ('OPEN', 'DONE');

-- AlterTable
ALTER TABLE "table_${n - 2}" ADD COLUMN "state" "state_${n}" NOT NULL DEFAULT 'OPEN';
`,
  (n) => `CREATE FUNCTION "touch_${n}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."note" := coalesce(NEW."note", 'none; yet');
    RETURN NEW;
END;
$$;

CREATE TRIGGER "touch_${n}" BEFORE INSERT ON "table_${n - 3}" FOR EACH ROW EXECUTE FUNCTION "touch_${n}"();
`,
  (n) => `INSERT INTO "table_${n - 4}" ("name") SELECT 'row ' || i FROM generate_series(1, 20) AS i;
UPDATE "table_${n - 4}" SET "rank" = "id";
`,
];

/**
 * Writes a Prisma folder with a history of that many migrations.
 * @param {string} folder
 * @param {number} migrations
 * @returns {Promise<string[]>} the scripts, in the order they apply
 */
export async function writeHistory(folder, migrations) {
  await mkdir(join(folder, 'migrations'), { recursive: true });
  await writeFile(join(folder, 'schema.prisma'), SCHEMA);
  await writeFile(join(folder, 'migrations/migration_lock.toml'), LOCK);
  const files = [];
  for (let n = 0; n < migrations; n += 1) {
    const name = `${20_200_101_000_000 + n}_step_${n}`;
    const file = join(folder, 'migrations', name, 'migration.sql');
    await mkdir(join(folder, 'migrations', name));
    await writeFile(file, n === 0 ? USERS : (KINDS[(n - 1) % KINDS.length]?.(n - 1 + KINDS.length) ?? ''));
    files.push(file);
  }
  return files;
}
