/** What `zarpe init` makes of a configuration of Next.js, read by Next.js itself. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/build/paths.mjs';
import { markedEnvironment } from '../../helpers/workspace.ts';
import { createProject, runProgram } from './run-program.ts';

const run = promisify(execFile);
const PROJECT = {
  'package-lock.json': '{}',
  'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
};
const PLUGIN =
  'const withPlugin = (options) => (config) => ({ ...config, reactStrictMode: options.strict });\n';
const WRAPPER =
  'const withSentryConfig = (config, options) => ({ ...config, reactStrictMode: options.strict });\n';

/** The options as Next.js's own loader gives them to a build. */
async function loadWithNext(folder: string): Promise<Record<string, unknown>> {
  const program = join(folder, 'load.cjs');
  await writeFile(
    program,
    `const load = require(${JSON.stringify(join(ROOT, 'node_modules/next/dist/server/config.js'))}).default;
load('phase-production-build', ${JSON.stringify(folder)}).then(({ output, outputFileTracingRoot, reactStrictMode, poweredByHeader }) => {
  process.stdout.write('\\nLOADED' + JSON.stringify({ output, outputFileTracingRoot, reactStrictMode, poweredByHeader }));
  process.exit(0);
});`,
  );
  const { stdout } = await run(process.execPath, [program], {
    cwd: folder,
    env: markedEnvironment('next', { PATH: process.env.PATH }),
  });
  return JSON.parse(stdout.split('LOADED')[1] ?? '');
}

/** Runs init in a project with this configuration: what it printed, and the configuration that is there then. */
async function configure(file: string, source: string, manifest: object = {}) {
  const folder = await createProject({
    ...PROJECT,
    'package.json': { dependencies: { next: '^16.0.0' }, ...manifest },
    'app/page.jsx': '',
    [file]: source,
  });
  const { code, stdout, stderr } = await runProgram(folder, ['init', '--yes']);
  expect(code, stderr).toBe(0);
  return { folder, stdout, written: await readFile(join(folder, file), 'utf8') };
}

describe('a configuration gets output: standalone, and keeps the rest', () => {
  test.for([
    [
      'TypeScript with a type',
      'next.config.ts',
      "import type { NextConfig } from 'next';\nconst config: NextConfig = {\n  reactStrictMode: true,\n};\nexport default config;\n",
    ],
    [
      'an exported object',
      'next.config.ts',
      'export default {\n\treactStrictMode: true,\n} satisfies object;\n',
    ],
    ['an object on one line', 'next.config.mjs', 'export default { reactStrictMode: true };\n'],
    [
      'CommonJS',
      'next.config.js',
      "/** @type {import('next').NextConfig} */\nmodule.exports = {\n  reactStrictMode: true,\n};\n",
    ],
    [
      'a function',
      'next.config.mjs',
      'export default async (phase) => {\n  const nextConfig = {\n    reactStrictMode: phase !== "",\n  };\n  return nextConfig;\n};\n',
    ],
    [
      'a wrapper around a constant, and options of others',
      'next.config.mjs',
      `${WRAPPER}const sentryConfig = {\n  strict: true,\n};\nconst nextConfig = {\n  headers: async () => [],\n};\nexport default withSentryConfig(nextConfig, sentryConfig);\n`,
    ],
    [
      'a wrapper around the object',
      'next.config.mjs',
      `${WRAPPER}export default withSentryConfig({\n  headers: async () => [],\n}, { strict: true });\n`,
    ],
    [
      'a plugin with options around a constant',
      'next.config.js',
      `${PLUGIN}const nextConfig = {};\nmodule.exports = withPlugin({\n  strict: true,\n})(nextConfig);\n`,
    ],
    [
      'a type in a comment, and another name',
      'next.config.js',
      `${PLUGIN}const plugin = { strict: true };\n/** @type {import('next').NextConfig} */\nconst base = {\n  headers: async () => [],\n};\nmodule.exports = withPlugin(plugin)(base);\n`,
    ],
    [
      'Windows line breaks',
      'next.config.mjs',
      'const nextConfig = {\r\n  reactStrictMode: true,\r\n};\r\n\r\nexport default nextConfig;\r\n',
    ],
  ] as const)('%s', async ([, file, source]) => {
    const { folder, written } = await configure(file, source);
    expect(await loadWithNext(folder), written).toMatchObject({
      output: 'standalone',
      reactStrictMode: true,
    });
    expect(written.replace(/\s*output: 'standalone',/, '').replaceAll(/\s/g, '')).toBe(
      source.replaceAll(/\s/g, ''),
    );
    expect(written.includes('\r\n')).toBe(source.includes('\r\n'));
    expect(written.replaceAll('\r\n', '')).not.toMatch(/\r/);
  });
});

describe('a configuration of which only its author knows what it does is left as it is', () => {
  test.for([
    [
      'options of a plugin alone',
      `${PLUGIN}export default withPlugin({\n  strict: true,\n})(await load());\nfunction load() { return {}; }\n`,
      'Its form is not known here',
    ],
    [
      'several objects',
      'const a = {\n};\nconst b = {\n};\nexport default { ...a, ...b }.a ?? b;\nexport default [a, b];\n',
      'Its form is not known here',
    ],
    [
      'a static site',
      "export default {\n  output: 'export',\n};\n",
      "It has output: 'export', which has no server",
    ],
  ] as const)('%s', async ([, source, expected]) => {
    const { written, stdout } = await configure('next.config.mjs', source);
    expect(written).toBe(source);
    expect(stdout).toContain("Add to the options of next.config.mjs: output: 'standalone'");
    expect(stdout).toContain(expected);
  });
});

describe('in a monorepo the tracing root is that of the repository', () => {
  const app = async (file: string, source: string | undefined, manifest: object = {}, next = '^16.0.0') => {
    const folder = await createProject({
      ...PROJECT,
      'package.json': { workspaces: ['apps/*'] },
      'apps/web/package.json': { dependencies: { next }, ...manifest },
      'apps/web/app/page.jsx': '',
      ...(file.endsWith('.ts') && { 'apps/web/tsconfig.json': '{}' }),
      ...(source !== undefined && { [`apps/web/${file}`]: source }),
    });
    const { code, stdout, stderr } = await runProgram(folder, ['init', '--yes']);
    expect(code, stderr).toBe(0);
    return { folder, stdout, written: await readFile(join(folder, 'apps/web', file), 'utf8') };
  };
  const CONFIG = 'const nextConfig = {\n  reactStrictMode: true,\n};\n';

  test.for([
    [
      'an ES module',
      'next.config.mjs',
      `// @ts-check\n\n/** @type {import('next').NextConfig} */\n${CONFIG}export default nextConfig;\n`,
      {},
    ],
    [
      'an ES module by its manifest',
      'next.config.js',
      `${CONFIG}export default nextConfig;\n`,
      { type: 'module' },
    ],
    ['CommonJS', 'next.config.js', `'use strict';\n${CONFIG}module.exports = nextConfig;\n`, {}],
    [
      'CommonJS that has path',
      'next.config.js',
      `const path = require('path');\n${CONFIG}module.exports = nextConfig;\n`,
      {},
    ],
    [
      'TypeScript',
      'next.config.ts',
      `import type { NextConfig } from 'next';\n${CONFIG}export default nextConfig satisfies NextConfig;\n`,
      {},
    ],
    [
      'TypeScript of an ES module',
      'next.config.ts',
      `import { join } from 'node:path';\n${CONFIG}export default nextConfig;\nvoid join;\n`,
      { type: 'module' },
    ],
    ['none yet', 'next.config.mjs', undefined, {}],
    ['none yet, in TypeScript', 'next.config.ts', undefined, {}],
    ['none yet, in TypeScript of an ES module', 'next.config.ts', undefined, { type: 'module' }],
  ] as const)('%s', async ([, file, source, manifest]) => {
    const { folder, written } = await app(file, source, manifest);
    const loaded = await loadWithNext(join(folder, 'apps/web'));
    expect(loaded, written).toMatchObject({ output: 'standalone', outputFileTracingRoot: folder });
    expect(written).toMatch(source?.startsWith('// @ts-check') ? /^\/\/ @ts-check\n/ : /^/);
  });

  test('Next.js 14 has it among its experimental options, which may be there already', async () => {
    const source = 'export default {\n  experimental: {\n    serverActions: true,\n  },\n};\n';
    const { written } = await app('next.config.mjs', source, {}, '^14.2.0');
    expect(written).toBe(
      "import { join } from 'node:path';\nexport default {\n  output: 'standalone',\n  experimental: {\n    outputFileTracingRoot: join(import.meta.dirname, '../..'),\n    serverActions: true,\n  },\n};\n",
    );
  });

  test.for([
    ['next.config.mjs', {}, 'import.meta.dirname'],
    ['next.config.js', { type: 'module' }, 'import.meta.dirname'],
    ['next.config.js', {}, '__dirname'],
    ['next.config.ts', { type: 'module' }, '__dirname'],
  ] as const)(
    'what to add to %s (%o) by hand is said for its kind of module',
    async ([file, manifest, name]) => {
      const { stdout } = await app(file, 'export default load();\n', manifest);
      expect(stdout).toContain(
        `Add to the options of apps/web/${file}: output: 'standalone', outputFileTracingRoot: join(${name}, '../..') (join is of node:path).`,
      );
    },
  );
});
