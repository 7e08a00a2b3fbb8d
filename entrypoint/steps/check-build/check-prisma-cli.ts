import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import type { SettingProblem } from '../../core/errors.ts';

/** The app's own Prisma CLI, as Node.js finds its package from the app's folder; it is never downloaded. */
export function checkPrismaCli(appDir: string, problems: SettingProblem[]): string | undefined {
  const cli = findProgram(appDir);
  if (cli !== undefined && existsSync(cli)) return cli;
  problems.push({
    what: 'ENTRYPOINT_MIGRATE_ENGINE=cli',
    expected: 'the package prisma in node_modules',
    got: cli === undefined ? 'none' : `one without ${cli}`,
    hint: 'Copy prisma and its engines into the image, or use ENTRYPOINT_MIGRATE_ENGINE=embedded.',
  });
  return undefined;
}

/** `node_modules/.bin/prisma` will not do: pnpm writes a shell script there. */
function findProgram(appDir: string): string | undefined {
  const require = createRequire(join(appDir, 'package.json'));
  try {
    const manifest = require.resolve('prisma/package.json');
    return join(
      dirname(manifest),
      z.object({ bin: z.object({ prisma: z.string() }) }).parse(require(manifest)).bin.prisma,
    );
  } catch {
    return undefined;
  }
}
