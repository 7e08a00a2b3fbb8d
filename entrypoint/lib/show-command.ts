import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

export const SOURCE_FILE = /\.[cm]?[jt]sx?$/;

/** A command as a log may show it: an argument that is no file may be a password, and is left out. */
export function showCommand([program = 'node', ...args]: readonly string[], appDir: string): string {
  const isFile = (arg: string) => SOURCE_FILE.test(arg) || existsSync(resolve(appDir, arg));
  return `\`${[program, ...args.map((arg) => (isFile(arg) ? arg : '…'))].join(' ')}\``;
}
