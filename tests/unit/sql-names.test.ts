import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ENTRYPOINT = join(import.meta.dirname, '../../entrypoint');

/** What stands before a parenthesis and is grammar: it is looked for nowhere. */
const GRAMMAR = new Set(
  `all and any array as by case cast coalesce conflict concurrently distinct else exists extract filter from greatest in
  include into is join key lateral least left limit like not nullif of on operator or order over partition primary references right select
  set table then union unique update using values varchar when where with
  known wanted oid value`.split(/\s+/),
);
const SQL = /\b(?:select|insert into|update|delete from|pg_catalog)\b/i;
const CALL = /(?<![\w.$"'])([a-z]\w*)\s*\(/gi;
const CATALOG = /(?<![\w."'])(?:from|join)\s+(pg_(?!catalog\.)\w+)/gi;

/** The calls and catalogs in a text of SQL that do not say where they are. */
function findUnqualified(text: string): string[] {
  // In words for people SQL stands between backticks.
  const sql = text.replaceAll(/`[^`]*`/g, '');
  if (!SQL.test(sql)) return [];
  const calls = [...sql.matchAll(CALL)]
    .map(([, name = '']) => name.toLowerCase())
    .filter((name) => !GRAMMAR.has(name));
  return [...calls, ...[...sql.matchAll(CATALOG)].map(([, name = '']) => name)];
}

/** The strings of a file; of a template all of it, with a word for each value. */
function stringsOf(name: string): string[] {
  const file = ts.createSourceFile(
    name,
    readFileSync(join(ENTRYPOINT, name), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  const strings: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) strings.push(node.text);
    if (ts.isTemplateExpression(node)) {
      strings.push(
        [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(' value '),
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return strings;
}

describe('the SQL of entrypoint/', () => {
  const files = readdirSync(ENTRYPOINT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );

  test.each(files)('%s calls no function and reads no catalog without its schema', (name) => {
    expect(stringsOf(name).flatMap(findUnqualified)).toEqual([]);
  });

  test.each([
    ['select now()', ['now']],
    ['select pg_catalog.now() from pg_class', ['pg_class']],
    ['select pg_catalog.now() from pg_catalog.pg_class where oid in (1)', []],
    ['End it: `select pg_terminate_backend(pid)`.', []],
  ])('is searched as it should be: %s', (sql, expected) => {
    expect(findUnqualified(sql)).toEqual(expected);
  });
});
