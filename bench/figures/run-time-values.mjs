import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atMost } from '../lib/figure.mjs';
import { spread } from '../lib/statistics.mjs';

/** What a container with a read-only root has for such files. */
const TMPFS = '/dev/shm';
const FILES = 5000;
/** One file of so many has a placeholder. */
const EVERY = 10;
const TEXT = 'exports.render=({title:t,items:e})=>e.map(n=>t+": "+n).join("\\n");\n'.repeat(60);

/**
 * How long a first start takes to put values into a large build, and a later one to find that they are there.
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 * @param {number} rounds
 * @returns {Promise<import('../lib/figure.mjs').Figure[]>}
 */
export async function measureRunTimeValues({ app, folder, run, note }, rounds) {
  const large = join(folder, 'large');
  const writeTo = await mkdtemp(join(existsSync(TMPFS) ? TMPFS : folder, 'zarpe-values-'));
  await cp(app, large, { recursive: true, verbatimSymlinks: true });
  await writeFiles(large);
  const settings = { runtimeValues: { writeTo, placeholders: ['NEXT_PUBLIC_A'] } };
  await writeFile(join(large, 'zarpe.config.json'), JSON.stringify(settings));
  /** @param {string[]} args */
  const timeStep = async (...args) => {
    const env = {
      ENTRYPOINT_SERVER: 'announces-start.cjs',
      BENCH_STARTED: note,
      NEXT_PUBLIC_A: 'https://a.example',
    };
    const command = run(['entrypoint.js', ...args], { ...env, LOG_FORMAT: 'json' });
    const { stdout } = await promisify(execFile)(command.file, command.args, {
      cwd: large,
      env: { NODE_ENV: 'production', ...command.env },
    });
    const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
    const step = lines
      .map((line) => JSON.parse(line))
      .find(({ step, event }) => step === 'values' && event === 'done');
    return Number(step.durationMs);
  };
  await timeStep('find-placeholders');
  const first = [];
  const later = [];
  for (let round = 0; round < rounds; round += 1) {
    await rm(writeTo, { recursive: true, force: true });
    first.push(await timeStep());
    later.push(await timeStep());
  }
  await rm(writeTo, { recursive: true, force: true });
  const build = `a build of ${FILES} files, ${FILES / EVERY} with placeholders, on a tmpfs`;
  return [
    { name: `values put into ${build}: first start`, unit: 'ms', goal: atMost(1000), value: spread(first) },
    { name: `values put into ${build}: later start`, unit: 'ms', goal: atMost(300), value: spread(later) },
  ];
}

/** @param {string} app */
async function writeFiles(app) {
  await mkdir(join(app, '.next/server/chunks/large'), { recursive: true });
  for (let index = 0; index < FILES; index += 1) {
    const value = index % EVERY === 0 ? `exports.url="__NEXT_PUBLIC_A__/${index}";` : '';
    await writeFile(join(app, '.next/server/chunks/large', `${index}.js`), `${TEXT}${value}`);
  }
}
