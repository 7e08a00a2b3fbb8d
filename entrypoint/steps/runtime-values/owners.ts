import { lstatSync, statSync } from 'node:fs';
import { BootError } from '../../core/errors.ts';

/** Refuses a folder that another user owns, who could put another build in the place of ours. */
export function checkOwner(folder: string): void {
  const uid = process.getuid?.();
  if (uid === undefined) return;
  // Of a link, both: its owner may change where it leads.
  const owners = [lstatSync(folder).uid, statSync(folder).uid];
  const other = owners.find((owner) => owner !== uid && owner !== 0);
  if (other === undefined) return;
  throw new BootError('RUNTIME_VALUES_UNWRITABLE', {
    message: `${folder} belongs to another user (uid ${other}), who could replace what is served`,
    hint: `Remove it, give it to uid ${uid} or to root, or set \`runtimeValues.writeTo\` to a folder that only this app writes to.`,
  });
}

export function isOurs(path: string): boolean {
  const uid = process.getuid?.();
  return uid === undefined || lstatSync(path).uid === uid;
}

/** What to say of a folder in which every user may rename what others have made there; undefined for any other. */
export function warnOfOthers(folder: string): string | undefined {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.getuid === undefined || (mode & 0o1002) !== 0o002) return undefined;
  return `every user may replace what is in ${folder}: where other users run in this container, give it the mode 1777`;
}
