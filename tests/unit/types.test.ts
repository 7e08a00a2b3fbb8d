import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';

const ROOT = join(import.meta.dirname, '../..');

test('the product sees the globals of Node.js and none of a browser, scripts are checked as well', async () => {
  const code = 'void process.pid; void fetch; void AbortSignal;\nvoid document;\nvoid localStorage;\n';
  expect(await mistakes('entrypoint/tsconfig.json', 'planted.ts', code)).toEqual([
    expect.stringContaining("Cannot find name 'document'"),
    expect.stringContaining("Cannot find name 'localStorage'"),
  ]);
  const script = '/** @param {string} name */\nexport function shout(name) {\n  return name.toUpper();\n}\n';
  expect(await mistakes('tsconfig.json', 'planted.mjs', script)).toEqual([
    expect.stringContaining("'toUpper' does not exist"),
  ]);
});

/** What the compiler says of a file, with the options of one of our configurations. */
async function mistakes(config: string, name: string, text: string): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'zarpe-types-'));
  onCleanup(() => rm(dir, { recursive: true }));
  const file = join(dir, name);
  await writeFile(file, text);
  const { options } = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, config),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: () => undefined,
    },
  ) ?? { options: {} };
  const program = ts.createProgram([file], { ...options, incremental: false });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}
