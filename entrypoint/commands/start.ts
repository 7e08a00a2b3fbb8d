import { boot } from '../boot.ts';
import type { Invocation } from './command.ts';

export async function start({ config, rest, context }: Invocation): Promise<number> {
  return boot(config(), rest, context);
}
