import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleSeedFile } from '../../scripts/build/seed-bundle.mjs';
import { ProgramError } from '../failure.ts';
import { isFile } from '../project/read.ts';

const HELP = `zarpe bundle-seed FILE [--out seed.js] [--external NAME]

Bundles the seed of an app with its packages into one file that runs in the image, beside server.js.

  --out FILE        where to write it (default: seed.js); a seed with an await at its top level becomes seed.mjs
  --external NAME   a package that stays outside, because the image has it in node_modules; repeatable
  --help            prints this`;

const NATIVE = /No loader is configured for "\.node" files: (\S*node_modules\/((?:@[^/]+\/)?[^/]+))/;

/** Bundles a seed with the esbuild that the project has. */
export async function bundleSeed(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'seed.js' },
      external: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new ProgramError('bundle-seed takes one file', 'For example: zarpe bundle-seed prisma/seed.ts');
  const entry = resolve(file);
  if (!isFile(entry)) throw new ProgramError(`There is no file ${file}`, 'Name the source of the seed.');
  const outfile = resolve(values.out);
  const { build } = findEsbuild(dirname(entry));
  try {
    const written = await bundleSeedFile(
      { entry, outfile, root: process.cwd(), external: values.external },
      build,
    );
    console.log(
      `${relative('.', written)} written. Copy it beside server.js; the entrypoint finds it there.`,
    );
    return 0;
  } catch (error) {
    throw explain(error, file);
  }
}

/** The esbuild of the project or, as in an image, of the machine. */
function findEsbuild(folder: string): typeof import('esbuild') {
  const globalModules = join(dirname(process.execPath), '../lib/node_modules');
  for (const from of [folder, process.cwd(), globalModules]) {
    try {
      return createRequire(join(from, 'index.js'))(
        from === globalModules ? join(from, 'esbuild') : 'esbuild',
      );
    } catch {
      // The next place may have it.
    }
  }
  throw new ProgramError(
    'bundle-seed needs esbuild, which is not installed',
    'Install it for development: npm install --save-dev esbuild (or the same with pnpm, yarn or bun).',
  );
}

function explain(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('errors' in error)) return error;
  const [, , native] = NATIVE.exec(error.message) ?? [];
  if (native !== undefined)
    return new ProgramError(
      `${file} uses ${native}, which contains native code and cannot be bundled`,
      `Use a package without native code (bcryptjs for bcrypt), or add --external ${native} if the image has it in node_modules.`,
      error,
    );
  return new ProgramError(`${file} could not be bundled: ${error.message.trim()}`, 'Fix the source.', error);
}
