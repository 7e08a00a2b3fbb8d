import { join } from 'node:path';
import * as z from 'zod/mini';
import { isFile, listEntries, type Manifest, readManifest, readText } from './read.ts';

const DEEPEST = 5;
const Catalog = z.optional(z.record(z.string(), z.string()));
const Workspaces = z.catch(
  z.object({
    packages: z.optional(z.array(z.string())),
    catalog: Catalog,
    catalogs: z.optional(z.record(z.string(), z.record(z.string(), z.string()))),
  }),
  {},
);

/** The folders of the packages that a lockfile is for: the root as '', and each that the workspaces name. */
export function findPackages(root: string, manifest: Manifest): string[] {
  const patterns = workspacePatterns(root, manifest);
  if (patterns.length === 0) return [''];
  const included = patterns.filter((one) => !one.startsWith('!')).map(toExpression);
  const excluded = patterns.filter((one) => one.startsWith('!')).map((one) => toExpression(one.slice(1)));
  const isPackage = (folder: string) =>
    included.some((one) => one.test(folder)) && !excluded.some((one) => one.test(folder));
  return ['', ...listPackageFolders(root).filter((folder) => folder !== '' && isPackage(folder))];
}

/** The folders with a manifest below a folder, that of the folder itself as '', whether or not they are workspaces. */
export function listPackageFolders(root: string, folder = '', depth = DEEPEST): string[] {
  if (depth === 0) return [];
  const below = listEntries(join(root, folder))
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map(({ name }) => (folder === '' ? name : `${folder}/${name}`))
    .sort();
  return [
    ...(isFile(root, folder, 'package.json') ? [folder] : []),
    ...below.flatMap((one) => listPackageFolders(root, one, depth - 1)),
  ];
}

/** The range behind `catalog:` or `catalog:NAME`, in pnpm's workspace file or bun's manifest; any other range as it is. */
export function resolveCatalog(root: string, name: string, range: string | undefined): string | undefined {
  if (range?.startsWith('catalog:') !== true) return range;
  const catalog = range.slice('catalog:'.length).trim() || 'default';
  const { catalog: byDefault, catalogs } = Workspaces.parse(readManifest(root)?.workspaces);
  const ofBun = catalog === 'default' ? byDefault : catalogs?.[catalog];
  return ofBun?.[name] ?? pnpmCatalog(readText(root, 'pnpm-workspace.yaml') ?? '', catalog).get(name);
}

function workspacePatterns(root: string, { workspaces }: Manifest): string[] {
  const inManifest = Workspaces.parse(Array.isArray(workspaces) ? { packages: workspaces } : workspaces);
  const block = yamlBlock(readText(root, 'pnpm-workspace.yaml') ?? '', 'packages') ?? '';
  const inYaml = [...block.matchAll(/(?:^\s*-|[[,])\s*(["']?)([^\s"'#,\]]+)\1/gm)].map(
    ([, , one = '']) => one,
  );
  return [...(inManifest.packages ?? []), ...inYaml];
}

function toExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/^\.\//, '')
    .replace(/\/$/, '')
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\{([^}]*)\}/g, (_, list: string) => `(?:${list.replaceAll(',', '|')})`)
    .replaceAll(/\*\*\/?|\*/g, (stars) => (stars === '*' ? '[^/]*' : '.*'));
  return new RegExp(`^${source}$`);
}

function pnpmCatalog(yaml: string, catalog: string): Map<string, string> {
  const block =
    (catalog === 'default' ? yamlBlock(yaml, 'catalog') : undefined) ??
    yamlBlock(yamlBlock(yaml, 'catalogs') ?? '', catalog) ??
    '';
  const entries = block.matchAll(/^\s+(["']?)([^\s"':]+)\1\s*:\s*(["']?)([^\n"'#]+)\3/gm);
  return new Map([...entries].map(([, , name = '', , range = '']) => [name, range.trim()]));
}

/** What is indented below a key, or follows it on its line. */
function yamlBlock(yaml: string, key: string): string | undefined {
  const lines = yaml.split(/\r?\n/);
  const start = lines.findIndex((line) => new RegExp(`^\\s*["']?${key}["']?\\s*:`).test(line));
  const first = lines[start];
  if (first === undefined) return undefined;
  const indent = first.search(/\S/);
  const rest = lines.slice(start + 1);
  const isOver = (line: string) =>
    line.trim() !== '' &&
    line.search(/\S/) <= indent &&
    !(line.search(/\S/) === indent && /^\s*- /.test(line));
  const end = rest.findIndex(isOver);
  return [first.replace(/^[^:]*:/, ''), ...rest.slice(0, end === -1 ? undefined : end)].join('\n');
}
