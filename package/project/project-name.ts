import { join } from 'node:path';
import type { Project } from './project.ts';

/** Of the 63 bytes that PostgreSQL allows, what restore.sh leaves, which adds _restoring_20260101T000000Z. */
const LONGEST = 36;

/** A name for the role, the database and the image: letters, digits and underscores. */
export function nameOf({ manifest, root }: Project): string {
  const name = (manifest.name ?? join(root).split('/').pop() ?? 'app').replace(/^@[^/]+\//, '');
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^[_\d]+/, '')
    .slice(0, LONGEST)
    .replace(/_+$/, '');
  return plain === '' ||
    /^(?:pg_|(?:postgres|public|none|template0|template1|true|false|null|yes|no|on|off)$)/.test(plain)
    ? 'app'
    : plain;
}
