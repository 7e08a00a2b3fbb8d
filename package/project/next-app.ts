import { join } from 'node:path';
import { stripComments } from '../../entrypoint/lib/strip-comments.ts';
import { findInitial, findOption, stringOf } from './config-source.ts';
import { dependency, isFile, isFolder, listFiles, type Manifest, readManifest, readText } from './read.ts';
import { resolveCatalog } from './workspaces.ts';

/** In the order of Next.js, which reads the first. */
const CONFIGS = ['next.config.js', 'next.config.mjs', 'next.config.ts'];
/** The oldest that has the option outside `experimental`. */
const STABLE_TRACING_ROOT = 15;

export interface NextApp {
  /** Undefined if neither the installed package nor the range tells it. */
  readonly major: number | undefined;
  /** The configuration file, from the app's folder; undefined if there is none. */
  readonly config: string | undefined;
  readonly isStandalone: boolean;
  /** What the option `output` is set to otherwise, as the text says it. */
  readonly otherOutput: string | undefined;
  /** The variable and its value without which the output is not standalone. */
  readonly standaloneSwitch: string | undefined;
  /** Options whose value the text does not tell. */
  readonly unreadOptions: readonly string[];
  /** The folder of the build, from the app's folder. */
  readonly distDir: string;
  readonly hasTrailingSlash: boolean;
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

export function findNextApp(root: string, folder: string, manifest: Manifest): NextApp {
  const config = CONFIGS.find((file) => isFile(folder, file));
  const source = stripComments(config === undefined ? '' : (readText(folder, config) ?? ''));
  const major = majorOf(root, folder, manifest, 'next');
  const router = findRouter(folder);
  const output = findOption(source, 'output');
  const isStandalone = /['"`]standalone['"`]/.test(`${output} ${findInitial(source, output ?? '')}`);
  const options = new Map(['basePath', 'distDir'].map((name) => [name, findOption(source, name)]));
  const read = (name: string) => stringOf(source, options.get(name) ?? '');
  return {
    major,
    config,
    isStandalone,
    otherOutput: isStandalone ? undefined : output,
    standaloneSwitch: isStandalone ? findSwitch(source) : undefined,
    unreadOptions: [...options.keys()].filter(
      (name) => options.get(name) !== undefined && read(name) === undefined,
    ),
    distDir: (read('distDir') ?? '.next').replace(/^\.\/|\/$/g, ''),
    hasTrailingSlash: findOption(source, 'trailingSlash') === 'true',
    hasTracingRoot: /\boutputFileTracingRoot\b/.test(source),
    hasExperimentalTracingRoot: major !== undefined && major < STABLE_TRACING_ROOT,
    basePath: read('basePath') ?? '',
    router,
    hasPublic: isFolder(folder, 'public'),
    healthPath: findHealthPath(folder, router),
    isTypeScript: isFile(folder, 'tsconfig.json'),
  };
}

/** The condition of `output: process.env.NAME === 'value' ? 'standalone' : …`, also around the option, or with a constant. */
function findSwitch(source: string): string | undefined {
  const [, condition = ''] =
    /([\w$.]+(?:\s*={2,3}\s*['"][\w-]+['"])?)\s*(?:\?|&&)\s*\(?\s*(?:\{\s*output\s*:\s*)?['"`]standalone['"`]/.exec(
      source,
    ) ?? [];
  const full = findInitial(source, condition) ?? condition;
  const [, name, value = '1'] = /^process\.env\.(\w+)(?:\s*={2,3}\s*['"]([\w-]+)['"])?/.exec(full) ?? [];
  return name === undefined || name === 'NODE_ENV' ? undefined : `${name}=${value}`;
}

/** The major version of the installed package, or of the range. */
export function majorOf(root: string, folder: string, manifest: Manifest, name: string): number | undefined {
  const installed = readManifest(join(folder, 'node_modules', name));
  const range = resolveCatalog(root, name, dependency(manifest, name));
  const major = /(\d+)(?:\.|$)/.exec(installed?.version ?? range ?? '')?.[1];
  return major === undefined ? undefined : Number(major);
}

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
