import { randomUUID } from 'node:crypto';
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { faultPoint } from '../../core/fault-point.ts';
import { isBuild } from './inventory.ts';
import { isBeingMoved, isUsed, renew, thisProcess } from './marks.ts';
import { isOurs } from './owners.ts';

const DIGEST = /^[0-9a-f]{32}$/;
/** Any other name that begins so may be of the user. */
const TEMPORARY = /^\.(?:new|old)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}~(\d+@[\w.-]+)$/;

/** The name of a folder that this process is about to write or to remove. */
export function temporaryName(purpose: 'new' | 'old'): string {
  return `.${purpose}-${randomUUID()}~${thisProcess()}`;
}

/** Removes the builds with other values that no process serves any more, and what killed starts left. */
export function removeUnused(writeTo: string, digest: string): void {
  for (const name of readdirSync(writeTo)) {
    const folder = join(writeTo, name);
    try {
      if (!isOurs(folder)) continue;
      const owner = TEMPORARY.exec(name)?.[1];
      if (owner !== undefined) {
        if (!isBeingMoved(owner, folder)) remove(folder);
      } else if (DIGEST.test(name) && name !== digest && isBuild(folder) && !isUsed(folder))
        removeUnless(isUsed, writeTo, folder);
    } catch {
      // Another replica removes it too.
    }
  }
}

/**
 * Moves the folder away, looks again, and removes it: a start that comes in between finds nothing there, and writes the
 * folder anew.
 */
export function removeUnless(isNeeded: (folder: string) => boolean, writeTo: string, folder: string): void {
  const removed = join(writeTo, temporaryName('old'));
  // Or another container would take it for what a killed start left.
  renew(folder);
  renameSync(folder, removed);
  faultPoint('values:remove');
  if (isNeeded(removed)) renameSync(removed, folder);
  else remove(removed);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
