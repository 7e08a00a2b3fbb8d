import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import * as ours from '../../scripts/build/node-crypto.mjs';

/** What node-postgres takes from Web Crypto; it has no types. */
const theirs: typeof ours = createRequire(import.meta.url)('pg/lib/crypto/utils');
const salt = randomBytes(16);
const key = randomBytes(32);
const hex = async (bytes: Uint8Array | Promise<Uint8Array>) => Buffer.from(await bytes).toString('hex');

test('the bundle logs in with the bytes that node-postgres would make', async () => {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  expect(await hex(ours.deriveKey('påss', salt, 4096))).toBe(await hex(theirs.deriveKey('påss', salt, 4096)));
  expect(await hex(ours.hmacSha256(key, 'Client Key'))).toBe(await hex(theirs.hmacSha256(key, 'Client Key')));
  expect(await hex(ours.sha256(key))).toBe(await hex(theirs.sha256(key)));
  for (const name of ['SHA-256', 'SHA-384', 'SHA-512'])
    expect(await hex(ours.hashByName(name, key))).toBe(await hex(theirs.hashByName(name, key)));
  expect(ours.md5('påss')).toBe(await theirs.md5('påss'));
  expect(ours.postgresMd5PasswordHash('u', 'påss', salt)).toBe(
    await theirs.postgresMd5PasswordHash('u', 'påss', salt),
  );
  expect(ours.randomBytes(18)).toHaveLength(18);
});
