import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createProgress } from '../../../scripts/build/progress.mjs';

beforeEach(() => {
  vi.stubEnv('CI', '');
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => vi.unstubAllEnvs());

/** The cursor goes up a line, and the line is cleared. */
const CLEAR = '\u001b[1A\u001b[2K';
const LINES = [
  /^\[1\/2\] seed +\d+\.\d s +\d+\.\d\d MB {2}package\.json$/,
  /^\[2\/2\] entrypoint +\d+\.\d s +\d+\.\d\d MB {2}tsconfig\.json$/,
];

test('a build prints a line for each stage as it ends, and nothing else where there is no terminal', async () => {
  const { output, written } = capture({ isTTY: false });
  await runStages(output);
  expect(written()).not.toContain('\u001b');
  expectLines(written().split('\n'));
});

test('a build on a terminal shows what runs and how far it is, and leaves the lines of the stages', async () => {
  const { output, written } = capture({ isTTY: true, columns: 60 });
  await runStages(output);
  expect(written()).toMatch(/╌ 0\/2 \d+\.\d s {2}seed, entrypoint\n/);
  expect(written()).toMatch(/━╌+ 1\/2 \d+\.\d s {2}entrypoint\n/);
  expectLines(screen(written()));
});

test('the bar is never wider than the terminal, and is left out of a dumb one', async () => {
  const narrow = capture({ isTTY: true, columns: 30 });
  await runStages(narrow.output);
  const bars = narrow.written().match(/^.*╌.*$/gm) ?? [];
  expect(bars.length).toBeGreaterThan(0);
  for (const bar of bars) expect(bar.replace(CLEAR, '').length).toBeLessThan(30);
  vi.stubEnv('TERM', 'dumb');
  const dumb = capture({ isTTY: true, columns: 60 });
  await runStages(dumb.output);
  expect(dumb.written()).not.toContain('\u001b');
});

/** Two stages at once, of which the first one is done first. */
async function runStages(output: NodeJS.WriteStream) {
  const { stage, end } = createProgress(2, output);
  const first = stage('seed', async () => 'package.json');
  const second = stage('entrypoint', () => first.then(() => 'tsconfig.json'));
  await Promise.all([first, second]);
  end();
}

function capture(terminal: { isTTY: boolean; columns?: number }) {
  let text = '';
  const output = { ...terminal, write: (part: string) => (text += part) };
  return { output: output as unknown as NodeJS.WriteStream, written: () => text };
}

/** What stands on a terminal that has read `text`, whose one escape sequence clears the line above. */
function screen(text: string): string[] {
  const lines: string[] = [''];
  for (const part of text.replaceAll(CLEAR, '⌫').split(/([\n⌫])/)) {
    if (part === '\n') lines.push('');
    else if (part === '⌫') lines.splice(-2, 2, '');
    else lines.push((lines.pop() ?? '') + part);
  }
  return lines;
}

function expectLines(lines: string[]) {
  expect(lines).toEqual([...LINES.map((line) => expect.stringMatching(line)), '']);
}
