import { createHash } from 'node:crypto';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/var/lib/zarpe';

/**
 * A lasting folder that every account can enter, for what lies in `path` when that cannot be entered,
 * such as a repository under /root. The same path always leads to the same folder.
 * @param {string} path
 */
export async function sharedFolder(path) {
  const folder = join(ROOT, createHash('sha256').update(path).digest('hex').slice(0, 12));
  await mkdir(folder, { recursive: true });
  // Whatever the umask: open to all to pass through, and what lies inside has its own permissions.
  for (const path of [ROOT, folder]) await chmod(path, 0o755);
  return folder;
}
