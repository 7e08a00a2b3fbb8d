// PostgreSQL refuses to run as root, so root hands it to an account of its own.
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const NAME = 'postgres';

/**
 * The account a database server is started under; empty where the present one will do.
 * @typedef {{ uid?: number, gid?: number }} Account
 */

/**
 * Finds the account PostgreSQL may run under, and as root creates `postgres` where there is none.
 * @returns {Account}
 */
export function findDatabaseAccount() {
  if (process.getuid?.() !== 0) return {};
  return lookUpAccount() ?? createAccount();
}

/**
 * Answers whether the account can use `path`: enter it as a folder, or run it as a program.
 * @param {string} path
 * @param {Account} account
 */
export function canReach(path, account) {
  return spawnSync('test', ['-x', path], { ...account, cwd: '/' }).status === 0;
}

function lookUpAccount() {
  const uid = readId('-u');
  const gid = readId('-g');
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** @param {'-u' | '-g'} flag */
function readId(flag) {
  const { status, stdout } = spawnSync('id', [flag, NAME], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : undefined;
}

function createAccount() {
  const result = spawnSync('useradd', ['--system', '--user-group', '--no-create-home', NAME], {
    encoding: 'utf8',
  });
  const account = lookUpAccount();
  if (account) return account;
  throw new Error(
    `PostgreSQL does not run as root, and the account "${NAME}" could not be created (${
      result.error?.message ?? result.stderr.trim()
    }). Create it, or run this as another user.`,
  );
}
