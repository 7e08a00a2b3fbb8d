import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

const require = createRequire(import.meta.url);

/**
 * What the figures depend on.
 * @param {import('../lib/laboratory.mjs').Laboratory} laboratory
 */
export function describeMachine({ node, databases }) {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${type()} ${release()}`,
    loadBefore: Number(loadavg()[0]?.toFixed(1)),
    node: execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1),
    postgres: databases.server.version,
    next: versionOf('next'),
    prisma: versionOf('prisma'),
  };
}

/** @param {string} name */
function versionOf(name) {
  return /** @type {{ version: string }} */ (require(`${name}/package.json`)).version;
}
