/**
 * The Node.js versions that the bundle must run on.
 *
 *     for (const { title, binary } of NODE_VERSIONS) {
 *       test.skipIf(binary === undefined)(`boots on ${title}`, async () => {
 *         const boot = await startBundle({ dir, node: binary });
 *       });
 *     }
 *
 * The one that runs the tests is always among them. Where others come from: `toolchains.ts`.
 */
import { join } from 'node:path';
import { findToolchain, missing } from './toolchains.ts';

export interface NodeVersion {
  major: number;
  /** The path of the binary; undefined where it has not been fetched. */
  binary: string | undefined;
  /** Such as `Node.js 22`; says so where it is missing. */
  title: string;
}

const own = Number(process.versions.node.split('.')[0]);

export const NODE_VERSIONS: NodeVersion[] = [...new Set([own, 20, 22, 24])].sort().map((major) => {
  const binary = major === own ? process.execPath : fetched(major);
  const name = `Node.js ${major}`;
  return { major, binary, title: binary === undefined ? missing(name) : name };
});

/** The binary of one version; undefined where it has not been fetched. */
export function findNode(major: number): string | undefined {
  return NODE_VERSIONS.find((version) => version.major === major)?.binary;
}

function fetched(major: number): string | undefined {
  const folder = findToolchain(`node-${major}`);
  return folder === undefined ? undefined : join(folder, 'bin/node');
}
