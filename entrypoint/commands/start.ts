import { boot } from '../boot.ts';
import { releaseInspector } from '../lib/inspector.ts';
import type { Invocation } from './command.ts';

export async function start({ config, environment, rest, context }: Invocation): Promise<number> {
  releaseInspector(environment.given.NODE_OPTIONS);
  return boot(config(), rest, context);
}
