import { plainLines } from '../lib/plain-text.ts';
import { overwriteRegularFile } from '../lib/regular-file.ts';

/** Kubernetes reads no more of it. */
const MOST_BYTES = 4096;

/** Writes what Kubernetes shows as the reason of a container's end, where it has laid the file out; a terminal shows it. */
export function writeTerminationLog(path: string, text: string): void {
  const bytes = new Uint8Array(MOST_BYTES);
  // No character is cut in two.
  const { written } = new TextEncoder().encodeInto(plainLines(text).join('\n'), bytes);
  try {
    overwriteRegularFile(path, bytes.subarray(0, written));
  } catch {
    // Not in Kubernetes, or not allowed to: the log has it all.
  }
}
