import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isFile, type Manifest, readText } from './read.ts';

/** How an image installs and runs with a package manager. Commands are those of a Dockerfile's RUN. */
export interface PackageManager {
  readonly name: 'npm' | 'pnpm' | 'yarn' | 'bun';
  readonly lockfile: string;
  /** Files besides the manifests and the lockfile that an installation reads. */
  readonly files: readonly string[];
  /** Makes the command available in Node.js's image; undefined for npm, which is there. */
  readonly setup: string | undefined;
  readonly install: string;
  /** The folder of downloads, for a cache mount. */
  readonly cache: string;
  readonly run: (script: string) => string;
  /** Runs a program of a dependency. */
  readonly exec: (command: string) => string;
}

const LOCKFILES = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
] as const;

const YARN_FOLDERS = ['.yarn/releases', '.yarn/patches', '.yarn/plugins'];

/** The lockfile in a folder and the package manager it belongs to. */
export function findLockfile(folder: string) {
  return LOCKFILES.find(([file]) => isFile(folder, file));
}

/** The package manager of the project with its lockfile in `root`; the field `packageManager` gives its version. */
export function findPackageManager(root: string, manifest: Manifest): PackageManager | undefined {
  const [lockfile, name] = findLockfile(root) ?? [];
  if (lockfile === undefined || name === undefined) return undefined;
  const [, named, version] = /^(\w+)@(\d[\w.-]*)/.exec(manifest.packageManager ?? '') ?? [];
  const given = named === name ? version : undefined;
  if (name === 'pnpm') return pnpm(root, lockfile, given);
  if (name === 'yarn') return isFile(root, '.yarnrc.yml') ? yarnBerry(root, given) : yarnClassic(root, given);
  if (name === 'bun') return bun(root, lockfile, given);
  return {
    name,
    lockfile,
    files: existing(root, ['.npmrc']),
    setup: undefined,
    install: 'npm ci --no-audit --no-fund',
    cache: '/root/.npm',
    run: (script) => `npm run ${script}`,
    exec: (command) => `npx --no-install ${command}`,
  };
}

function pnpm(root: string, lockfile: string, version: string | undefined): PackageManager {
  const isOld = /^lockfileVersion:\s*['"]?[56]/m.test(readText(root, lockfile) ?? '');
  return {
    name: 'pnpm',
    lockfile,
    files: existing(root, ['pnpm-workspace.yaml', '.npmrc', '.pnpmfile.cjs', '.pnpmfile.mjs']),
    setup: `npm install --global pnpm@${version ?? (isOld ? '8' : '10')}`,
    install: 'pnpm install --frozen-lockfile --store-dir /pnpm/store',
    cache: '/pnpm/store',
    run: (script) => `pnpm run ${script}`,
    exec: (command) => `pnpm exec ${command}`,
  };
}

function yarnClassic(root: string, version: string | undefined): PackageManager {
  return {
    name: 'yarn',
    lockfile: 'yarn.lock',
    files: existing(root, ['.yarnrc', '.npmrc']),
    // Node.js's image has it under a path of its own, which a plain installation would not replace.
    setup: `npm install --global --force yarn@${version ?? '1.22.22'}`,
    install: 'yarn install --frozen-lockfile --cache-folder /yarn/cache',
    cache: '/yarn/cache',
    run: (script) => `yarn run ${script}`,
    exec: (command) => `yarn run ${command}`,
  };
}

function yarnBerry(root: string, version: string | undefined): PackageManager {
  return {
    name: 'yarn',
    lockfile: 'yarn.lock',
    files: existing(root, ['.yarnrc.yml', ...YARN_FOLDERS]),
    setup: `npm install --global --force @yarnpkg/cli-dist@${version ?? berryOf(readText(root, 'yarn.lock') ?? '')}`,
    install: 'yarn install --immutable',
    cache: '/root/.yarn/berry/cache',
    run: (script) => `yarn run ${script}`,
    exec: (command) => `yarn run ${command}`,
  };
}

/** The major version that writes a lockfile of this version: another one would change it, which an image refuses. */
function berryOf(lockfile: string): string {
  const version = Number(/^\s+version:\s*(\d+)/m.exec(lockfile)?.[1] ?? '8');
  if (version >= 8) return '4';
  return version >= 5 ? '3' : '2';
}

function bun(root: string, lockfile: string, version: string | undefined): PackageManager {
  return {
    name: 'bun',
    lockfile,
    files: existing(root, ['bunfig.toml', '.npmrc']),
    // Its script puts the program in the package's place; npm 12 runs only scripts that are allowed.
    setup: `npm install --global --allow-scripts=bun bun@${version ?? '1'}`,
    install: 'bun install --frozen-lockfile',
    cache: '/root/.bun/install/cache',
    run: (script) => `bun run ${script}`,
    exec: (command) => `bun x ${command}`,
  };
}

/** Those files and folders that exist, and the patches of any package manager. */
function existing(root: string, paths: readonly string[]): string[] {
  return [...paths, 'patches'].filter((path) => existsSync(join(root, path)));
}
