#!/bin/sh
# The opponent of `npm run bench`: what start scripts of Next.js images with Prisma do before they start the server.
# Written for the benchmark after the steps that are common among them, with nothing slow that they do not do.
set -e

echo "Looking for the Prisma CLI"
if [ -x node_modules/.bin/prisma ]; then
  PRISMA=node_modules/.bin/prisma
elif [ -f node_modules/prisma/build/index.js ]; then
  PRISMA="node node_modules/prisma/build/index.js"
else
  echo "No Prisma CLI in node_modules" >&2
  exit 1
fi

echo "Checking Prisma Client"
if [ ! -d node_modules/@prisma/client ]; then
  echo "No Prisma Client in node_modules" >&2
  exit 1
fi

echo "Applying migrations"
$PRISMA migrate deploy

echo "Checking migrations"
$PRISMA migrate status

echo "Generating Prisma Client"
$PRISMA generate

echo "Counting users"
USERS=$(node --input-type=module -e "
  import { PrismaPg } from '@prisma/adapter-pg';
  import { PrismaClient } from './prisma/generated/client.ts';
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
  console.log(await prisma.user.count());
  await prisma.\$disconnect();
")
if [ "$USERS" = 0 ]; then
  echo "No users: seeding"
  node seed.js
else
  echo "$USERS users: not seeding"
fi

echo "Checking the standalone build"
SERVER=${BENCH_SERVER:-server.js}
if [ ! -f "$SERVER" ] || [ ! -d .next/static ]; then
  echo "The standalone build is incomplete" >&2
  exit 1
fi

echo "Starting the server"
exec node "$SERVER"
