import { dirname, join, resolve } from 'node:path';
import { parseArgsStringToArgv } from 'string-argv';
import type { Config } from '../../config.ts';
import { findCommandProblem } from '../../lib/find-command.ts';
import { readTextFile } from '../../lib/regular-file.ts';
import { SOURCE_FILE, showCommand } from '../../lib/show-command.ts';
import { findSeedCommand, readPrismaConfigs } from '../../steps/check-build/prisma-config.ts';
import { type Finding, warning } from './finding.ts';

const LARGEST_BYTES = 1024 * 1024;

/** The seed that the app's own Prisma configuration names, where the boot would run none. */
export function describeNamedSeed({ appDir, appEnv, build }: Config): Finding[] {
  const { server } = build;
  const serverDir = 'file' in server ? dirname(resolve(appDir, server.file)) : resolve(appDir, server.dir);
  const folders = [...new Set([appDir, serverDir])];
  const named = folders.map(findNamedSeed).find((found) => found !== undefined);
  if (named === undefined) return [];
  const command = parseArgsStringToArgv(named.command);
  const problem = findCommandProblem(command, { dir: appDir, searchPath: appEnv.PATH });
  const source = command.find((word) => SOURCE_FILE.test(word));
  const bundle =
    source === undefined
      ? 'Bundle it into seed.js when the image is built.'
      : `Bundle it when the image is built: npx zarpe bundle-seed ${source}`;
  return [
    warning(
      'seed',
      `${named.file} names a seed, ${showCommand(command, appDir)}, that the boot would not run`,
      [
        problem === undefined
          ? 'It can run in this image: set ENTRYPOINT_SEED_COMMAND to it, or set ENTRYPOINT_SEED=never.'
          : `It cannot run in this image: ${problem}. ${bundle}`,
      ],
    ),
  ];
}

function findNamedSeed(folder: string): { file: string; command: string } | undefined {
  for (const { file, text } of readPrismaConfigs(folder)) {
    const command = findSeedCommand(text);
    if (command !== undefined) return { file, command };
  }
  const command = readManifestSeed(join(folder, 'package.json'));
  return command === undefined ? undefined : { file: 'package.json', command };
}

function readManifestSeed(path: string): string | undefined {
  try {
    const { prisma }: { prisma?: { seed?: unknown } } = JSON.parse(readTextFile(path, LARGEST_BYTES) ?? '{}');
    return typeof prisma?.seed === 'string' ? prisma.seed : undefined;
  } catch {
    return undefined;
  }
}
