/**
 * What each package adds to a bundle, the largest first.
 * @param {Readonly<Record<string, {bytesInOutput: number}>>} inputs of an output in esbuild's metafile
 */
export function weighPackages(inputs) {
  /** @type {Map<string, number>} */
  const packages = new Map();
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split(/[/:]/, 1)[0] ?? path;
    packages.set(name, (packages.get(name) ?? 0) + bytesInOutput);
  }
  return [...packages].sort(([, a], [, b]) => b - a);
}
