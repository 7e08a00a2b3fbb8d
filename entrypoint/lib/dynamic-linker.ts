/** ELF, of 64 bits, the lowest byte first: what Linux runs on the processors that containers have. */
const ELF_64 = '\x7fELF\x02\x01';
const MACHINES: Partial<Record<NodeJS.Architecture, number>> = { x64: 0x3e, arm64: 0xb7 };
const PT_INTERP = 3;

/**
 * The dynamic linker that a program of this processor names in its header, such as `/lib/ld-musl-x86_64.so.1`; undefined if it
 * names none. Without it the system reports ENOENT, as if the program were missing.
 * @param head the first bytes of the file
 * @see elf(5)
 */
export function findDynamicLinker(head: Buffer): string | undefined {
  if (!head.toString('latin1', 0, ELF_64.length).startsWith(ELF_64) || head.length < 64) return undefined;
  if (head.readUInt16LE(18) !== MACHINES[process.arch]) return undefined;
  const size = head.readUInt16LE(54);
  for (
    let entry = 0, at = Number(head.readBigUInt64LE(32));
    entry < head.readUInt16LE(56);
    entry += 1, at += size
  ) {
    if (at + 40 > head.length) return undefined;
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    const end = head.indexOf(0, from);
    return from < head.length && end !== -1 ? head.toString('latin1', from, end) : undefined;
  }
  return undefined;
}
