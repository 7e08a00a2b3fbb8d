import { describe, expect, test } from 'vitest';
import { isNextServer } from '../../../entrypoint/steps/check-build/is-next-server.ts';
import { nextServer } from '../../helpers/next-server.ts';

describe('isNextServer', () => {
  test.each([true, false])('knows what the installed Next.js writes (as an ES module: %s)', (isModule) => {
    expect(isNextServer(nextServer('polite', isModule)['server.js'] ?? '')).toBe(true);
  });

  test('knows no text with one character more, less or other than that', () => {
    const source = nextServer('polite')['server.js'] ?? '';
    const [start, end] = [source.indexOf('const nextConfig'), source.indexOf('process.env.__NEXT')];
    for (let at = 0; at < source.length; at += 1) {
      if (at >= start && at < end) continue;
      const [before, after] = [source.slice(0, at), source.slice(at)];
      for (const other of [`${before};${after}`, before + after.slice(1), `${before}~${after.slice(1)}`])
        expect(isNextServer(other)).toBe(false);
    }
  });
});
