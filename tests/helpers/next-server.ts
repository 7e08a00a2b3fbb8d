/**
 * `nextServer('recorder')`: the files of a standalone build whose `server.js` is what the installed Next.js writes, and
 * whose Next.js runs a program of `tests/fixtures/servers` in the place of a server.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ServerFixture } from './standalone.ts';

const CONFIG = { distDir: './.next', output: 'standalone' };

export function nextServer(fixture: ServerFixture, isModule = true): Record<string, string> {
  return {
    'server.js': writeServer(isModule, CONFIG),
    'node_modules/next/dist/server/lib/start-server.js': `exports.startServer = async () => {
      require('../../../../../fixtures/${fixture}.cjs');
    };`,
  };
}

/** Next.js has no function for it, but a template in one that does more. */
function writeServer(isModule: boolean, config: object): string {
  const source = readFileSync(createRequire(import.meta.url).resolve('next/dist/build/utils'), 'utf8');
  const before = 'writeFile(serverOutputPath, ';
  const start = source.indexOf(before) + before.length;
  const template = source.slice(start, source.indexOf('});`);', start) + '});`'.length);
  return String(new Function('moduleType', 'nextConfig', `return ${template}`)(isModule, config));
}
