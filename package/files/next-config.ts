import type { Project } from '../project/project.ts';

/** Where the object of the configuration begins, in the forms that Next.js's own templates have. */
const OBJECT =
  /(?:\b(?:const|let|var)\s+\w*[cC]onfig\w*\s*(?::\s*(?:import\([^)]*\)\.)?\w+\s*)?=\s*|\bexport\s+default\s+|\bmodule\.exports\s*=\s*)\{(?=\s*(?:\n|\}|\/|['"\w.]))/;

/** The configuration with what a standalone build needs; undefined if its form is not known or nothing is missing. */
export function nextConfig({ app, next, manifest }: Project, source: string | undefined): string | undefined {
  const options = missingOptions({ app, next });
  if (options.length === 0) return undefined;
  if (source === undefined) return newConfig(next.isTypeScript, options);
  const [head] = OBJECT.exec(source) ?? [];
  if (head === undefined || (needsExperimental({ app, next }) && /\bexperimental\s*:/.test(source)))
    return undefined;
  const isCommonJs = /\bmodule\.exports\b|\brequire\(/.test(source);
  const folder =
    isCommonJs || (/\.ts$/.test(next.config ?? '') && manifest.type !== 'module')
      ? '__dirname'
      : 'import.meta.dirname';
  const lines = options.map((line) => `\n  ${line.replace('FOLDER', folder)}`).join('');
  const changed = source.replace(head, () => `${head}${lines}${source.includes(`${head}}`) ? '\n' : ''}`);
  if (!options.some((line) => line.includes('join('))) return changed;
  if (/\bjoin\b.*(?:from\s+|require\()['"](?:node:)?path/.test(source)) return changed;
  return `${isCommonJs ? "const { join } = require('node:path');" : "import { join } from 'node:path';"}\n${changed}`;
}

/** The lines that are missing, for somebody who adds them by hand. */
export function missingOptions({ app, next }: Pick<Project, 'app' | 'next'>): string[] {
  const up = app
    .split('/')
    .map(() => '..')
    .join('/');
  const tracingRoot = `outputFileTracingRoot: join(FOLDER, '${up}'),`;
  return [
    ...(next.isStandalone ? [] : ["output: 'standalone',"]),
    ...(app === '' || next.hasTracingRoot
      ? []
      : [needsExperimental({ app, next }) ? `experimental: { ${tracingRoot.slice(0, -1)} },` : tracingRoot]),
  ];
}

function needsExperimental({ app, next }: Pick<Project, 'app' | 'next'>): boolean {
  return app !== '' && !next.hasTracingRoot && next.hasExperimentalTracingRoot;
}

function newConfig(isTypeScript: boolean, options: readonly string[]): string {
  const body = options.map((line) => `  ${line.replace('FOLDER', 'import.meta.dirname')}`).join('\n');
  const needsJoin = options.some((line) => line.includes('join('));
  return `${needsJoin ? "import { join } from 'node:path';\n" : ''}${isTypeScript ? "import type { NextConfig } from 'next';\n\n" : ''}export default {\n${body}\n}${isTypeScript ? ' satisfies NextConfig' : ''};\n`;
}
