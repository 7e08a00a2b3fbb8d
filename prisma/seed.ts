import { randomBytes } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { hash, truncates } from 'bcryptjs';
import { readConnection } from './connection.ts';
import { PrismaClient, Role } from './generated/client.ts';

const BCRYPT_ROUNDS = 12;
const SHORTEST_PASSWORD = 8;
const CONNECT_TIMEOUT = 5_000;

interface Admin {
  email: string;
  password: string;
  generated: boolean;
}

/**
 * Gives an empty database its first administrator. Safe to run again, and in two places at once: the address
 * is unique, the one who comes second adds nothing and prints no password.
 */
async function seed(env: NodeJS.ProcessEnv): Promise<void> {
  const admin = readAdmin(env);
  const passwordHash = await hash(admin.password, BCRYPT_ROUNDS);
  const prisma = connect(env);
  try {
    const created = await prisma.$transaction(async (tx) => {
      const { count } = await tx.user.createMany({
        data: [{ email: admin.email, name: 'Administrator', passwordHash, role: Role.ADMIN }],
        skipDuplicates: true,
      });
      return count > 0;
    });
    if (created) announce(admin);
    else console.log(`${admin.email} exists already: nothing to do.`);
  } finally {
    await prisma.$disconnect();
  }
}

function readAdmin(env: NodeJS.ProcessEnv): Admin {
  const email = (env.SEED_ADMIN_EMAIL?.trim() || 'admin@example.com').toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) {
    throw new Error(`SEED_ADMIN_EMAIL: expected an e-mail address, got "${email}".`);
  }
  const given = env.SEED_ADMIN_PASSWORD || undefined;
  const password = given ?? randomBytes(18).toString('base64url');
  if (password.length < SHORTEST_PASSWORD) {
    throw new Error(`SEED_ADMIN_PASSWORD: expected ${SHORTEST_PASSWORD} characters or more.`);
  }
  if (truncates(password)) {
    throw new Error('SEED_ADMIN_PASSWORD: expected 72 bytes or fewer, bcrypt ignores what follows them.');
  }
  return { email, password, generated: given === undefined };
}

function connect(env: NodeJS.ProcessEnv): PrismaClient {
  const url = env.DIRECT_URL || env.DATABASE_URL;
  if (!url) throw new Error('DATABASE_URL: expected a postgresql:// URL, got nothing.');
  const { pool, schema } = readConnection(url);
  const adapter = new PrismaPg(
    { connectionTimeoutMillis: CONNECT_TIMEOUT, ...pool, max: 1 },
    schema ? { schema } : {},
  );
  // Minimal: the other formats quote the source, which here is one line of 400 kB.
  return new PrismaClient({ adapter, errorFormat: 'minimal' });
}

function announce({ email, password, generated }: Admin): void {
  console.log(`Created the administrator ${email}.`);
  // The one secret that is printed, once, on purpose: nobody could sign in otherwise.
  if (generated) console.log(`Its password, shown this once: ${password}`);
}

seed(process.env).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
