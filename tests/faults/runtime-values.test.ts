import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { createDatabase } from '../helpers/database.ts';
import { createFolder } from '../helpers/workspace.ts';
import { createFaultyApp } from './helpers/faulty-app.ts';

const FILES = {
  '.next/server/app/a.js': 'module.exports = "__NEXT_PUBLIC_A__"',
  'public/a.js': 'let a = "__NEXT_PUBLIC_A__"',
};

async function createApp() {
  const writeTo = await createFolder('values');
  const runtimeValues = { writeTo, placeholders: ['NEXT_PUBLIC_A'] };
  const files = { ...FILES, 'zarpe.config.json': JSON.stringify({ runtimeValues }) };
  const app = await createFaultyApp({ server: 'crashing', files });
  const database = await createDatabase();
  const env = { DATABASE_URL: database.url, FIXTURE_EXIT_CODE: '0' };
  const start = (value: string, more: Record<string, string> = {}) =>
    startBundle({ dir: app.dir, stdin: 'pipe', env: { ...env, NEXT_PUBLIC_A: value, ...more } });
  /** What is served, of each complete folder; unfinished ones begin with a dot. */
  const served = async () => {
    const names = await readdir(writeTo);
    const complete = names.filter((name) => !name.startsWith('.'));
    const texts = complete.map(async (name) => {
      const files = Object.keys(FILES).map((path) => readFile(join(writeTo, name, 'app', path), 'utf8'));
      return (await Promise.all(files)).map((text) => /"(.*)"/.exec(text)?.[1]);
    });
    return { texts: await Promise.all(texts), unfinished: names.length - complete.length };
  };
  return { app, env, start, served };
}

test.each(['values:write', 'values:written', 'values:renamed', 'values:remove'])(
  'a start killed at %s leaves nothing that is half written, and the next one serves the values',
  async (point) => {
    const { app, env, start, served } = await createApp();
    expect((await (await start('old')).exit).code).toBe(0);
    const killed = await start('new', { ZARPE_FAULT: `kill:${point}:1` });
    expect(await killed.exit).toMatchObject({ signal: 'SIGKILL' });
    for (const values of (await served()).texts)
      expect([
        ['old', 'old'],
        ['new', 'new'],
      ]).toContainEqual(values);
    const { code } = await runBundle({ dir: app.dir, env: { ...env, NEXT_PUBLIC_A: 'new' } });
    expect(code).toBe(0);
    expect(await served()).toEqual({ texts: [['new', 'new']], unfinished: 0 });
  },
);

test('values that a process still serves stay when another starts with others', async () => {
  const { start, served } = await createApp();
  const paused = await start('first', { ZARPE_FAULT: 'hold:values:renamed:1' });
  await paused.waitForLine(/"fault":"values:renamed"/);
  expect((await (await start('second')).exit).code).toBe(0);
  expect((await served()).texts.flat().sort()).toEqual(['first', 'first', 'second', 'second']);
});
