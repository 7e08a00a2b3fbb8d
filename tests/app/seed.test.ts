import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { compare } from 'bcryptjs';
import { beforeAll, expect, test } from 'vitest';
import { bundleSeed } from '../../scripts/build/bundle-seed.mjs';
import { ROOT } from '../../scripts/build/paths.mjs';
import { createDatabase, type Database } from '../helpers/database.ts';
import { createFolder } from '../helpers/workspace.ts';
import { migrateApp } from './migrate.ts';

let folder: string;

beforeAll(async () => {
  folder = await createFolder('seed');
  // Beside the app's packages, as in the image; `server.test.ts` runs it with those that the image has.
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await bundleSeed(join(folder, 'seed.js'));
});

test('creates an administrator who can sign in with the given password', async () => {
  const database = await migratedDatabase();
  const result = await seed(database, {
    SEED_ADMIN_EMAIL: ' Ana@Example.com',
    SEED_ADMIN_PASSWORD: 'correct horse battery',
  });
  expect(result).toMatchObject({ code: 0 });
  expect(result.stdout).not.toContain('correct horse');
  const [user] = await usersOf(database);
  expect(user).toMatchObject({ email: 'ana@example.com', role: 'ADMIN' });
  expect(await compare('correct horse battery', user?.password_hash ?? '')).toBe(true);
});

test('prints the password it has made once, and it is the right one', async () => {
  const database = await migratedDatabase();
  const { stdout } = await seed(database);
  const password = /this once: (\S+)/.exec(stdout)?.[1] ?? '';
  const [user] = await usersOf(database);
  expect(await compare(password, user?.password_hash ?? '')).toBe(true);
  const again = await seed(database);
  expect(again).toMatchObject({ code: 0, stdout: 'admin@example.com exists already: nothing to do.\n' });
});

test('run five times at once, it creates one administrator and prints one password', async () => {
  const database = await migratedDatabase();
  const results = await Promise.all(Array.from({ length: 5 }, () => seed(database)));
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(results.filter(({ stdout }) => stdout.includes('this once:'))).toHaveLength(1);
  expect(await usersOf(database)).toHaveLength(1);
});

test('seeds the schema that the URL names', async () => {
  const database = await createDatabase();
  await migrateApp(database, 'App Schema');
  const url = database.urlFor(undefined, { schema: 'App Schema', sslmode: 'disable' });
  expect(await seed(database, { DATABASE_URL: url })).toMatchObject({ code: 0 });
  expect(await database.query('SELECT email FROM "App Schema".users')).toHaveLength(1);
});

test('goes by DIRECT_URL where there is one', async () => {
  const database = await migratedDatabase();
  const env = { DIRECT_URL: database.url, DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none' };
  expect(await seed(database, env)).toMatchObject({ code: 0 });
});

test.each([
  ['a short password', { SEED_ADMIN_PASSWORD: 'seven77' }, 'SEED_ADMIN_PASSWORD: expected 8'],
  [
    'one that bcrypt would cut',
    { SEED_ADMIN_PASSWORD: 'ñ'.repeat(37) },
    'SEED_ADMIN_PASSWORD: expected 72 bytes',
  ],
  ['no address', { SEED_ADMIN_EMAIL: 'admin' }, 'SEED_ADMIN_EMAIL: expected an e-mail address'],
  ['another kind of database', { DATABASE_URL: 'mysql://root:hush@db/app' }, 'not a postgresql:// URL'],
])('refuses %s, writes nothing and gives no secret away', async (_, env, message) => {
  const database = await migratedDatabase();
  const { code, stdout, stderr } = await seed(database, env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/seven77|ññ|hush/);
  expect(await usersOf(database)).toEqual([]);
});

test('says in a line what is wrong where there are no tables', async () => {
  const { code, stderr } = await seed(await createDatabase());
  expect(code).toBe(1);
  expect(stderr).toContain('The table `public.users` does not exist');
  expect(stderr.length).toBeLessThan(400);
});

test.each(['module', 'commonjs', undefined])('runs beside a package.json of type %s', async (type) => {
  const database = await migratedDatabase();
  const dir = join(folder, String(type));
  await mkdir(dir, { recursive: true });
  await bundleSeed(join(dir, 'seed.js'));
  await writeFile(join(dir, 'package.json'), JSON.stringify({ type }));
  expect(await seed(database, {}, dir)).toMatchObject({ code: 0, stderr: '' });
});

async function migratedDatabase(): Promise<Database> {
  const database = await createDatabase();
  await migrateApp(database);
  return database;
}

function usersOf(database: Database) {
  return database.query<{ email: string; role: string; password_hash: string }>('SELECT * FROM users');
}

async function seed(database: Database, env: Record<string, string> = {}, dir = folder) {
  const environment = {
    NODE_ENV: process.env.NODE_ENV,
    PATH: process.env.PATH,
    DATABASE_URL: database.url,
    ...env,
  };
  const run = promisify(execFile)(process.execPath, [join(dir, 'seed.js')], { cwd: '/', env: environment });
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
}
