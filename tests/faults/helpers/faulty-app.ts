/**
 * `createFaultyApp(options) -> Standalone`: as `createStandalone`, with the entrypoint whose fault points work.
 * `passedPoints(boot)` reads what `ZARPE_FAULT=trace` told.
 */
import { copyFile } from 'node:fs/promises';
import { inject } from 'vitest';
import type { FaultPoint } from '../../../entrypoint/core/fault-point.ts';
import { createStandalone, type Standalone, type StandaloneOptions } from '../../helpers/standalone.ts';
import '../global-setup.ts';

export interface Pass {
  fault: FaultPoint;
  /** How many times this point was passed by then. */
  hit: number;
}

export async function createFaultyApp(options: StandaloneOptions): Promise<Standalone> {
  const app = await createStandalone(options);
  await copyFile(inject('faultBundle'), app.entrypoint);
  return app;
}

export function passedPoints(lines: readonly string[]): Pass[] {
  return lines.filter((line) => line.startsWith('{"fault"')).map((line) => JSON.parse(line) as Pass);
}
