import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import './global-setup.ts';

let points: string[];

beforeAll(async () => {
  const source = await readFile(join(import.meta.dirname, '../../entrypoint/core/fault-point.ts'), 'utf8');
  points = [...source.matchAll(/^ {2}\| '([^']+)'/gm)].map(([, name = '']) => name);
});

describe('fault points', () => {
  test('none of them is in the bundle that ships', async () => {
    const shipped = await readFile(inject('bundle'), 'utf8');
    expect(points.length).toBeGreaterThan(20);
    expect(points.filter((point) => shipped.includes(point))).toEqual([]);
    expect(shipped).not.toContain('ZARPE_FAULT');
  });

  test('each of them is in the bundle of the fault tests', async () => {
    const bundle = await readFile(inject('faultBundle'), 'utf8');
    // `send-query.ts` makes the names of four of them, such as `${point}:sent`.
    const isIn = (point: string) =>
      bundle.includes(`"${point}"`) || bundle.includes(`}:${point.split(':')[1]}\``);
    expect(points.filter((point) => !isIn(point))).toEqual([]);
  });
});
