import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readLines } from '../../../entrypoint/lib/read-lines.ts';

test('lets others have their turn while a stream always has more', async () => {
  const chunks = Array.from({ length: 1000 }, () => 'a\nb\n');
  const stream = new Readable({ read: () => stream.push(chunks.pop() ?? null) });
  const lines: string[] = [];
  const ended = new Promise((resolve) => stream.once('end', resolve));
  readLines(stream, (line) => lines.push(line));
  while (lines.length === 0) await turn();
  expect(lines.length).toBeLessThan(100);
  await ended;
  expect(lines.length).toBe(2000);
});
