import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** A command as a log may show it: an argument that is no file of the image may be a password, and is left out. */
export function showCommand([program = 'node', ...args]: readonly string[], appDir: string): string {
  const shown = args.map((arg) => (existsSync(resolve(appDir, arg)) ? arg : '…'));
  return `\`${[program, ...shown].join(' ')}\``;
}
