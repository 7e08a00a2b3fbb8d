// fill-compile-cache.cjs USER FOLDER, run as root in the app's folder while an image is built: fills Node.js's compile
// cache as the user that will run, for Node.js keys it by user id, and then takes the folder from that user, for
// nothing in the image is to be written to.
const { execFileSync } = require('node:child_process');
const { chmodSync, chownSync, mkdirSync, readdirSync, statSync } = require('node:fs');
const { join } = require('node:path');
const process = require('node:process');

const user = Number(process.argv[2]);
const folder = process.argv[3] ?? '';

mkdirSync(folder);
chownSync(folder, user, user);
execFileSync(process.execPath, ['entrypoint.js', 'warm-cache'], {
  env: { ...process.env, NODE_COMPILE_CACHE: folder },
  uid: user,
  gid: user,
  stdio: 'inherit',
});
takeBack(folder);

/** @param {string} path */
function takeBack(path) {
  const isFolder = statSync(path).isDirectory();
  chownSync(path, 0, 0);
  chmodSync(path, isFolder ? 0o755 : 0o644);
  if (isFolder) for (const name of readdirSync(path)) takeBack(join(path, name));
}
