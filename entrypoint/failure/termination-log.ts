import { accessSync, constants, writeFileSync } from 'node:fs';

/** Kubernetes reads no more of it. */
const LONGEST_MESSAGE = 4096;

/** Writes what Kubernetes shows as the reason of a container's end, where it has laid the file out. */
export function writeTerminationLog(path: string, text: string): void {
  try {
    accessSync(path, constants.W_OK);
    writeFileSync(path, text.slice(0, LONGEST_MESSAGE));
  } catch {
    // Not in Kubernetes, or not allowed to: the log has it all.
  }
}
