import type { Readable } from 'node:stream';

/** More than the log shows of a line. `Secrets` finds what is secret in a line that was cut there, and the beginning of it at the end. */
export const LONGEST_LINE = 65_536;

/** Calls back for each line of a stream, without what is too long of it; the answer does so for one that has no end. */
export function readLines(stream: Readable, onLine: (line: string) => void): () => void {
  let line = '';
  const add = (text: string) => {
    line += text.slice(0, LONGEST_LINE - line.length);
  };
  const end = () => {
    const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
    line = '';
    onLine(whole);
  };
  stream.setEncoding('utf8').on('data', (text: string) => {
    // Of a pipe that is always full libuv reads 32 times before it looks at anything else, such as a signal.
    stream.pause();
    setImmediate(() => stream.resume());
    const [first = '', ...further] = text.split('\n');
    add(first);
    for (const next of further) {
      end();
      add(next);
    }
  });
  return () => {
    if (line !== '') end();
  };
}
