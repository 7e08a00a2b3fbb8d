import { endianness } from 'node:os';

const ELF = '\x7fELF';
const [BITS_64, LOWEST_BYTE_FIRST] = [2, 1];
const HEADER_BYTES = 64;
const ENTRY_BYTES = 56;
/** Processors by their number in the header, as Node.js calls them. */
const MACHINES: Readonly<Record<number, string>> = {
  3: 'ia32',
  21: 'ppc64',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
};
/** Programs of 32 bits that a processor may run too. */
const RUNS_TOO: Readonly<Record<string, string>> = { x64: 'ia32', arm64: 'arm' };
const [PT_LOAD, PT_INTERP] = [1, 3];

/** A file, as far as it has to be read to know whether Linux runs it. */
export interface FileHead {
  /** Its first bytes. */
  readonly bytes: Buffer;
  /** How many it has in all. */
  readonly size: number;
}

/** Why Linux cannot run a program on this processor, or the dynamic linker that it needs, if it names one. */
export interface ElfFacts {
  readonly problem?: string;
  /** Such as `/lib/ld-musl-x86_64.so.1`. Without it the system reports ENOENT, as if the program were missing. */
  readonly linker?: string;
}

/**
 * Reads the header of a program of Linux; empty for any other file, and on a processor that is not known here.
 * @see elf(5)
 */
export function readElf({ bytes, size }: FileHead): ElfFacts {
  if (bytes.toString('latin1', 0, ELF.length) !== ELF || !isKnown(process.arch)) return {};
  if (bytes.length < HEADER_BYTES) return { problem: `is cut off after ${size} bytes` };
  const machine = bytes[5] === LOWEST_BYTE_FIRST ? MACHINES[bytes.readUInt16LE(18)] : undefined;
  if (machine !== process.arch && (machine === undefined || machine !== RUNS_TOO[process.arch]))
    return { problem: `was built for ${machine ?? 'another processor'}, and this is ${process.arch}` };
  if (bytes[4] !== BITS_64) return {};
  let linker: string | undefined;
  for (const entry of entries(bytes)) {
    const type = entry.readUInt32LE(0);
    const from = Number(entry.readBigUInt64LE(8));
    const end = from + Number(entry.readBigUInt64LE(32));
    if (type === PT_LOAD && end > size) return { problem: `is cut off after ${size} bytes` };
    if (type === PT_INTERP && end <= bytes.length) linker = bytes.toString('latin1', from, end - 1);
  }
  return linker === undefined ? {} : { linker };
}

function isKnown(processor: string): boolean {
  return endianness() === 'LE' && Object.values(MACHINES).includes(processor);
}

/** The entries of the program header that are within the first bytes of the file. */
function* entries(bytes: Buffer): Generator<Buffer> {
  const step = bytes.readUInt16LE(54);
  const first = Number(bytes.readBigUInt64LE(32));
  for (let index = 0; index < bytes.readUInt16LE(56); index += 1) {
    const at = first + index * step;
    if (at + ENTRY_BYTES <= bytes.length) yield bytes.subarray(at, at + ENTRY_BYTES);
  }
}
