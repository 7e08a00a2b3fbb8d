import { join } from 'node:path';
import type { Project } from './project.ts';

/** The folder of Next.js's build, from the root. */
export function distDir({ app, next }: Pick<Project, 'app' | 'next'>): string {
  return join(app, next.distDir);
}

/** From the root. */
export const SETTINGS = 'zarpe.config.json';

/** Where the builder stage finds the files of Zarpe, from the root. */
export function zarpeFolder({ zarpe }: Pick<Project, 'zarpe'>): string {
  return zarpe ?? 'zarpe';
}
