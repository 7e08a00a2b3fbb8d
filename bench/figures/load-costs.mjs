import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { entrypoint } from '../../esbuild.config.mjs';
import { ROOT } from '../../scripts/build/paths.mjs';
import { alternate } from '../lib/alternate.mjs';
import { timeToEnd } from '../lib/processes.mjs';
import { spread } from '../lib/statistics.mjs';

const NOTHING = 'nothing';
/** A first use of each, as a warm start makes it. */
const USES = {
  [NOTHING]: '',
  'zod/mini': "import * as z from 'zod/mini'; z.string().safeParse('');",
  zod: "import * as z from 'zod'; z.string().safeParse('');",
  'pino, as it comes': "import pino from 'pino/pino.js'; pino(pino.destination(2)).debug('');",
  'pino in the bundle': "import pino from 'pino'; pino({}, { write() {} }).debug('');",
  'pg, as it comes': "import pg from 'pg/lib/index.js'; new pg.Client();",
  'pg in the bundle': "import pg from 'pg'; new pg.Client();",
};

/**
 * What each dependency takes of a start: a script that uses it once, over one that does nothing.
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureLoadCosts({ node, folder, compiled }, rounds) {
  const dir = join(folder, 'loads');
  await mkdir(dir);
  const contenders = Object.entries(USES).map(([name, contents], index) => {
    const file = join(dir, `${index}.cjs`);
    const command = { file: node, args: [file], cwd: dir, env: { ...compiled, PATH: '' } };
    return { name, file, contents, command };
  });
  for (const { name, file, contents } of contenders) {
    const plugins = name.endsWith('as it comes') ? [] : (entrypoint.plugins ?? []);
    const stdin = { contents, resolveDir: ROOT };
    await build({ ...entrypoint, entryPoints: [], stdin, outfile: file, metafile: false, plugins });
  }
  const samples = await alternate(
    Object.fromEntries(contenders.map(({ name, command }) => [name, () => timeToEnd(command)])),
    rounds,
  );
  const nothing = samples[NOTHING] ?? [];
  return contenders
    .filter(({ name }) => name !== NOTHING)
    .map(({ name }) => ({
      name: `what ${name} takes of a start`,
      unit: 'ms',
      value: spread((samples[name] ?? []).map((ms, round) => ms - (nothing[round] ?? 0))),
    }));
}
