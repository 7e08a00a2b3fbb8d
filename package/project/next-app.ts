import { join } from 'node:path';
import { dependency, isFile, isFolder, listFiles, type Manifest, readManifest, readText } from './read.ts';

const CONFIGS = ['next.config.ts', 'next.config.mjs', 'next.config.js', 'next.config.cjs', 'next.config.mts'];
/** The oldest that has the option outside `experimental`. */
const STABLE_TRACING_ROOT = 15;

export interface NextApp {
  /** Undefined if neither the installed package nor the range tells it. */
  readonly major: number | undefined;
  /** The configuration file, from the app's folder; undefined if there is none. */
  readonly config: string | undefined;
  readonly isStandalone: boolean;
  readonly hasTracingRoot: boolean;
  /** Whether `outputFileTracingRoot` is an experimental option of this version. */
  readonly hasExperimentalTracingRoot: boolean;
  readonly basePath: string;
  /** The folder of the App Router or, without one, of the Pages Router, from the app's folder. */
  readonly router: { readonly kind: 'app' | 'pages'; readonly folder: string };
  readonly hasPublic: boolean;
  /** The path of a health route that exists, without the base path; undefined if there is none. */
  readonly healthPath: string | undefined;
  readonly isTypeScript: boolean;
}

export function findNextApp(folder: string, manifest: Manifest): NextApp {
  const config = CONFIGS.find((file) => isFile(folder, file));
  const source = config === undefined ? '' : (readText(folder, config) ?? '');
  const major = findMajor(folder, manifest);
  const router = findRouter(folder);
  return {
    major,
    config,
    isStandalone: /\boutput\s*:\s*(?:[^,\n]*\?\s*)?['"`]standalone['"`]/.test(source),
    hasTracingRoot: /\boutputFileTracingRoot\b/.test(source),
    hasExperimentalTracingRoot: major !== undefined && major < STABLE_TRACING_ROOT,
    basePath: /\bbasePath\s*:\s*['"`](\/[^'"`$]*)['"`]/.exec(source)?.[1] ?? '',
    router,
    hasPublic: isFolder(folder, 'public'),
    healthPath: findHealthPath(folder, router),
    isTypeScript: isFile(folder, 'tsconfig.json'),
  };
}

/** The major version of the installed package, or of the range. */
export function majorOf(folder: string, manifest: Manifest, name: string): number | undefined {
  const installed = readManifest(join(folder, 'node_modules', name)) as { version?: string } | undefined;
  const text = installed?.version ?? dependency(manifest, name) ?? '';
  const major = /(\d+)(?:\.|$)/.exec(text)?.[1];
  return major === undefined ? undefined : Number(major);
}

const findMajor = (folder: string, manifest: Manifest) => majorOf(folder, manifest, 'next');

function findRouter(folder: string): NextApp['router'] {
  for (const kind of ['app', 'pages'] as const) {
    for (const path of [kind, `src/${kind}`]) if (isFolder(folder, path)) return { kind, folder: path };
  }
  return { kind: 'app', folder: isFolder(folder, 'src') ? 'src/app' : 'app' };
}

/** A route whose path ends in health, healthz or healthcheck, the shortest first. */
function findHealthPath(folder: string, { kind, folder: router }: NextApp['router']): string | undefined {
  const pattern =
    kind === 'app'
      ? /(?:^|\/)health(?:z|check)?\/route\.[jt]s$/
      : /^api\/(?:.*\/)?health(?:z|check)?(?:\/index)?\.[jt]s$/;
  const paths = listFiles(join(folder, router))
    .filter((path) => pattern.test(path) && !path.includes('['))
    .map((path) => path.replace(/(?:\/route|\/index)?\.[jt]s$/, ''))
    // A group in parentheses is not part of the path.
    .map(
      (path) =>
        `/${path
          .split('/')
          .filter((part) => !/^\(.*\)$/.test(part))
          .join('/')}`,
    );
  return paths.sort((a, b) => a.length - b.length)[0];
}
