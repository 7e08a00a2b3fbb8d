import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod/mini';
import { bundleSeedFile } from '../../scripts/build/seed-bundle.mjs';
import { ProgramError } from '../failure.ts';
import { isFile, isFolder } from '../project/read.ts';
import { writeSeed } from '../write-seed.ts';

const HELP = `zarpe bundle-seed FILE [--out seed.js] [--standalone DIR] [--external NAME]

Bundles the seed of an app with its packages into one file that runs in the image, beside server.js.

  --out FILE        where to write it (default: seed.js); a seed with an await at its top level becomes seed.mjs
  --standalone DIR  the standalone build: a package with native code that is in it is used from there
  --external NAME   a package that stays outside, because the image has it in node_modules; repeatable
  --help            prints this`;

/** Packages in JavaScript alone with the same functions. */
const IN_JAVASCRIPT: Readonly<Record<string, string>> = {
  bcrypt: 'bcryptjs, which has the same functions and reads the same hashes',
};

/** Bundles a seed with the esbuild that the project has. */
export async function bundleSeed(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: 'seed.js' },
      standalone: { type: 'string' },
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
  if (values.standalone !== undefined && !isFolder(values.standalone))
    throw new ProgramError(
      `There is no standalone build in ${values.standalone}`,
      "Run next build with output: 'standalone' first.",
    );
  const { build } = findEsbuild(dirname(entry));
  const seed = {
    entry,
    outfile,
    root: process.cwd(),
    external: values.external,
    ...(values.standalone !== undefined && { standalone: resolve(values.standalone) }),
  };
  const bundle = await bundleSeedFile(seed, build).catch((error: unknown) => {
    throw explain(error, file);
  });
  const removed = await writeSeed(bundle, outfile);
  console.log(
    `${relative('.', bundle.path)} written. Copy it beside server.js; the entrypoint finds it there.`,
  );
  if (removed !== undefined) console.log(`${relative('.', removed)} removed: it was an earlier bundle.`);
  return 0;
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
  const name = findNativePackage(error.errors);
  if (name === undefined)
    return new ProgramError(
      `${file} could not be bundled: ${error.message.trim()}`,
      'Fix the source.',
      error,
    );
  return new ProgramError(
    `${file} uses ${name}, which contains native code and cannot be bundled`,
    [
      `Use ${IN_JAVASCRIPT[name] ?? 'a package without native code'}.`,
      `Or let the app use ${name} too, and add --standalone .next/standalone: it is used from there.`,
      `Or add --external ${name}, if the image has it in node_modules.`,
    ].join('\n'),
    error,
  );
}

/** What the plugin says of an import. */
function findNativePackage(errors: unknown): string | undefined {
  const details = z.array(
    z.object({ detail: z.catch(z.object({ nativePackage: z.string() }), { nativePackage: '' }) }),
  );
  return details.parse(errors).find(({ detail }) => detail.nativePackage !== '')?.detail.nativePackage;
}
