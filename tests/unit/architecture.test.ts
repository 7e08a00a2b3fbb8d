import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ENTRYPOINT = join(import.meta.dirname, '../../entrypoint');

/** From the process's edge down; what shares a line stands side by side. */
const LAYERS: readonly (readonly string[])[] = [
  ['cli.ts'],
  ['parse-arguments.ts', 'help-text.ts', 'failure'],
  ['commands'],
  ['boot.ts'],
  ['config.ts', 'config'],
  ['steps'],
  ['migrations'],
  ['database'],
  ['postgres'],
  ['core'],
  ['lib'],
];
const LONGEST_FILE = 150;
const MOST_ARGUMENTS = 4;
/** Tables, which are read by looking something up and not from top to bottom. */
const TABLES = new Set([
  'config/variables.ts',
  'postgres/connection-error.ts',
  'core/errors.ts',
  'core/events.ts',
]);

const files = readdirSync(ENTRYPOINT, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
const source = new Map(files.map((name) => [name, readFileSync(join(ENTRYPOINT, name), 'utf8')]));
const imports = new Map([...source].map(([name, text]) => [name, importsOf(name, text)]));

/** The files of ours that a file imports: statically, lazily, or for their types. */
function importsOf(name: string, text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((path) => path.startsWith('.'))
    .map((path) => relative(ENTRYPOINT, join(ENTRYPOINT, dirname(name), path)));
}

function layerOf(name: string): number {
  const layer = LAYERS.findIndex((members) =>
    members.some((member) => name === member || name.startsWith(`${member}/`)),
  );
  if (layer === -1) throw new Error(`${name} belongs to no layer`);
  return layer;
}

describe('the files of entrypoint/', () => {
  test('are found, and import what is there', () => {
    expect(files.length).toBeGreaterThan(50);
    const known = new Set(files);
    for (const [name, imported] of imports) {
      expect(
        imported.filter((path) => !known.has(path)),
        name,
      ).toEqual([]);
    }
    expect(imports.get('cli.ts')).toContain('config.ts');
    expect(imports.get('commands/index.ts')).toContain('commands/start.ts');
  });

  test('import in one direction: from the edge down to the tools', () => {
    const upwards = [...imports].flatMap(([name, imported]) =>
      imported.filter((path) => layerOf(path) < layerOf(name)).map((path) => `${name} imports ${path}`),
    );
    expect(upwards).toEqual([]);
  });

  test('import in no circle', () => {
    expect(findCycle()).toBeUndefined();
  });

  test('leave the environment and the end of the process to the edge', () => {
    const touching = [...source].filter(([, text]) =>
      /\bprocess\s*(?:\.|\?\.|\[\s*['"])\s*(?:env|exit|exitCode|reallyExit|abort)\b|=\s*process\s*;|from 'node:process'/.test(
        text,
      ),
    );
    // The gate's code runs in the server's process, and its environment is the server's.
    expect(touching.map(([name]) => name)).toEqual(['cli.ts', 'steps/serve/gate.ts']);
  });

  test('are all used by the edge', () => {
    const reached = new Set<string>();
    const reach = (name: string) => {
      if (reached.has(name)) return;
      reached.add(name);
      for (const path of imports.get(name) ?? []) reach(path);
    };
    reach('cli.ts');
    expect(files.filter((name) => !reached.has(name) && !name.endsWith('.d.ts'))).toEqual([]);
  });

  test(`are no longer than ${LONGEST_FILE} lines, unless they are tables`, () => {
    const long = [...source]
      .filter(([name, text]) => !TABLES.has(name) && text.trimEnd().split('\n').length > LONGEST_FILE)
      .map(([name, text]) => `${name}: ${text.trimEnd().split('\n').length} lines`);
    expect(long).toEqual([]);
  });

  test(`have no function of more than ${MOST_ARGUMENTS} arguments, or with one that is a bare boolean`, () => {
    const find = (parameters: string) => findUnreadable('x.ts', `function f(${parameters}) {}`);
    for (const parameters of ['a, b, c, d, e', 'a: boolean', 'a?: boolean', 'a: boolean | null', 'a = false'])
      expect(find(parameters), parameters).toEqual(['x.ts:1']);
    for (const parameters of ['a, b, c, d', '{ a }: { a: boolean }', 'a: () => boolean'])
      expect(find(parameters), parameters).toEqual([]);
    expect([...source].flatMap(([name, text]) => findUnreadable(name, text))).toEqual([]);
  });

  test('of which the sequence of the boot fits on one screen', () => {
    expect(source.get('boot.ts')?.split('\n').length).toBeLessThanOrEqual(50);
  });
});

/** The places of functions whose calls do not tell what their arguments are. */
function findUnreadable(name: string, text: string): string[] {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && !isReadable(node.parameters)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      found.push(`${name}:${line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isReadable(parameters: ts.NodeArray<ts.ParameterDeclaration>): boolean {
  return parameters.length <= MOST_ARGUMENTS && !parameters.some(isBoolean);
}

function isBoolean({ type, initializer }: ts.ParameterDeclaration): boolean {
  const kinds = type === undefined ? [] : ts.isUnionTypeNode(type) ? type.types : [type];
  return (
    kinds.some(({ kind }) => kind === ts.SyntaxKind.BooleanKeyword) ||
    initializer?.kind === ts.SyntaxKind.TrueKeyword ||
    initializer?.kind === ts.SyntaxKind.FalseKeyword
  );
}

/** The names of a circle of imports, if there is one. */
function findCycle(): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const next of imports.get(name) ?? []) {
      const cycle = visit(next, [...path, name]);
      if (cycle !== undefined) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of files) {
    const cycle = visit(name, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
