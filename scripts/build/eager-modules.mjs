// V8 compiles a function when it is first called, unless it stands in parentheses: then with what surrounds it. Node.js's
// compile cache holds what is compiled before anything runs, so that of a module in parentheses it holds the code.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { transform } from 'esbuild';

/** A module in its wrapper, as esbuild prints it before white space is removed: what is inside is indented. */
const MODULE = /^(.* = [\w$]+\()(\([\w$, ]*\) => \{\n(?: .*\n|\n)*\})(?=\))/gm;
/** The engine is of more characters, and only a migration needs it. */
const LONGEST = 100_000;

/**
 * A minified bundle whose modules are compiled with it.
 * @type {import('esbuild').Plugin}
 */
export const eagerModules = {
  name: 'eager-modules',
  setup({ initialOptions, onEnd }) {
    const { minify, absWorkingDir = '.', target, charset } = initialOptions;
    if (!minify) return;
    Object.assign(initialOptions, {
      minify: false,
      minifySyntax: true,
      minifyIdentifiers: true,
      write: false,
    });
    onEnd(async ({ metafile, outputFiles = [] }) => {
      for (const { path, text } of outputFiles) {
        const { code } = await transform(putInParentheses(text), {
          minify: true,
          legalComments: 'none',
          ...(target !== undefined && { target }),
          ...(charset !== undefined && { charset }),
        });
        await mkdir(dirname(path), { recursive: true });
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, code);
        for (const [name, output] of Object.entries(metafile?.outputs ?? {}))
          if (resolve(absWorkingDir, name) === path) output.bytes = Buffer.byteLength(code);
      }
    });
  },
};

/** @param {string} text @returns {string} */
function putInParentheses(text) {
  return text.replace(MODULE, (whole, before, module) =>
    module.length > LONGEST ? whole : `${before}(${module})`,
  );
}
