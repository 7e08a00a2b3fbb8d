import { plainLines } from '../lib/plain-text.ts';
import { overwriteRegularFile } from '../lib/regular-file.ts';

/** Kubernetes ignores the rest. */
const MAX_BYTES = 4096;

/** Writes the termination message that Kubernetes shows, if Kubernetes has created the file. */
export function writeTerminationLog(path: string, text: string): void {
  const bytes = new Uint8Array(MAX_BYTES);
  // Never cuts a character in two.
  const { written } = new TextEncoder().encodeInto(plainLines(text).join('\n'), bytes);
  try {
    overwriteRegularFile(path, bytes.subarray(0, written));
  } catch {
    // Not in Kubernetes, or not writable: the log has everything.
  }
}
