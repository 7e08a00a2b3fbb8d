import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitStatements } from '../../../../entrypoint/migrations/script/statements.ts';
import { serverStatements, serverTokens } from '../../../helpers/postgres-parser.ts';

const split = (sql: string) => splitStatements(sql).map(({ start, end }) => sql.slice(start, end));

const TRICKY: Record<string, string> = {
  'nothing at all': '',
  'white space, comments and semicolons alone': ' \n\t-- nothing; here\n/* nor; here */ ;; ;',
  'no semicolon at the end': 'SELECT 1; SELECT 2',
  'a comment behind the last statement': 'SELECT 1 -- ; done',
  'semicolons in strings': `SELECT ';', 'it''s; ', '\\';`,
  'semicolons in escape strings': `SELECT E'\\';', e'\\\\'; SELECT E'a'';'`,
  'an escape string that goes on in the next line': `SELECT E'a'\n  'b\\';' ; SELECT 2`,
  'an escape string behind which a rule of dashes stands': `SELECT E'a' ${'-'.repeat(100_000)}\n; SELECT 2`,
  'an escape string behind which many rules stand': `SELECT E'a'${' -----\n'.repeat(20_000)}; SELECT 2`,
  'an ordinary string that goes on in the next line': `SELECT 'a\\'\n';b' ; SELECT 2`,
  'a word that ends in e before a string': `SELECT date'2020-01-01;', name'\\'; SELECT 2`,
  'the other kinds of strings': `SELECT b'01', x'FF', n';', U&'\\003B;' UESCAPE '!'; SELECT 2`,
  'semicolons in quoted names': `SELECT 1 AS "a;b""c;"; SELECT 2 AS U&"d;\\0061"`,
  'dollar quotes': `SELECT $$a;b'c"$$; SELECT $tag$ $$;$$ $other$ $tag$; SELECT $é_1$;$é_1$`,
  'dollars in names and parameters': `SELECT a$1, a$b$ FROM t; PREPARE p AS SELECT $1; EXECUTE p(1)`,
  'nested comments': `SELECT 1 /* a /* b; */ ' ; */ + 1; SELECT 2`,
  'comments that look like others': `SELECT 1 --/* ;\n; SELECT 2 /* -- */; SELECT 3 */*;*/ 4`,
  'operators that hold comment marks': `SELECT 1 -- + 2;\n, 3 @-/**/4; SELECT 5`,
  'carriage returns': 'SELECT 1; -- a\r\nSELECT 2;\r\n-- b\rSELECT 3;\r',
  'a function in dollar quotes': `CREATE FUNCTION f() RETURNS trigger AS $body$
    BEGIN IF NEW.a = ';' THEN RETURN NULL; END IF; RETURN NEW; END;
    $body$ LANGUAGE plpgsql; CREATE TABLE t ()`,
  'a function in quotes': `CREATE FUNCTION f() RETURNS int AS 'BEGIN RETURN ''1;''; END' LANGUAGE plpgsql; SELECT 1`,
  'a DO block': `DO $$ BEGIN PERFORM 1; END $$; DO LANGUAGE plpgsql 'BEGIN NULL; END'; SELECT 1`,
  'a function with a body of SQL': `CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql
    BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a = 1 THEN 2 ELSE 3 END; END; SELECT 2`,
  'a procedure with a body of SQL and a replaced one': `CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC
    INSERT INTO t VALUES (1); DELETE FROM t; END; SELECT 1`,
  'a function whose name is atomic': `CREATE FUNCTION atomic() RETURNS int RETURN 1; SELECT 1; SELECT 2`,
  'a function with a body that names columns begin and end': `CREATE FUNCTION f() RETURNS int
    BEGIN ATOMIC SELECT begin, "end" FROM t; SELECT t.end, 1 AS end FROM t; END; SELECT 2`,
  'a rule with several actions': `CREATE RULE r AS ON INSERT TO t DO ALSO (SELECT 1; SELECT 2;); SELECT 3`,
  'transaction control': 'BEGIN; SELECT 1; COMMIT; START TRANSACTION; ROLLBACK; END',
  'a case expression outside of any function': 'SELECT CASE WHEN true THEN 1 END; SELECT 2',
  'letters that are more than one byte or unit': `SELECT 'é;', "日本;" FROM 表; SELECT '😀;' AS 𝔘𝔘; SELECT 3`,
  'numbers of all kinds': 'SELECT 1., .5, 1e-5, 0xFF, 1_000, 1.5e+3; SELECT 2',
};

describe('splitStatements', () => {
  // The parser of the tests keeps comments as tokens; servers from 15 to 18 read this as one string.
  test('continues an escape string after comments and a line break', () => {
    expect(split(`SELECT E'a' -- b\n --- c\n\t\n 'b\\';' ; SELECT 2`)).toHaveLength(2);
  });

  test.each(Object.entries(TRICKY))('splits %s as the server does', (_, sql) => {
    const expected = serverStatements(sql);
    expect(expected, 'the server takes it').toBeDefined();
    expect(split(sql)).toEqual(expected);
  });

  test('splits whatever is made of quotes, dollar tags, comments and nesting as the server does', () => {
    fc.assert(
      fc.property(script(), (sql) => {
        const expected = serverStatements(sql);
        expect(expected, 'the server takes it').toBeDefined();
        expect(split(sql)).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  test('splits any text that has tokens at all as the server’s lexer does', () => {
    let lexed = 0;
    fc.assert(
      fc.property(soup(), (sql) => {
        const tokens = serverTokens(sql);
        if (tokens === undefined) return;
        lexed += 1;
        expect(split(sql)).toEqual(atSemicolons(sql, tokens));
      }),
      { numRuns: 3000 },
    );
    expect(lexed).toBeGreaterThan(500);
  });

  test.each([
    "1.1.a$a$;b'e'",
    '1..a$a$;b',
    '.1.a$$;b',
    '1e5.a$a$;b',
    'a.1.a$a$;b$a$',
    '1$a$;$a$;b',
    '1.$a$;$a$;b',
    '1e5 $a$;$a$;b',
    "1e1.e';';b",
  ])('ends a number where the server’s lexer does: %s', (sql) => {
    const tokens = serverTokens(sql);
    expect(tokens, 'it has tokens').toBeDefined();
    expect(split(sql)).toEqual(atSemicolons(sql, tokens ?? []));
  });

  test('takes what is not ended for the rest of the script', () => {
    for (const start of ["'", '"', '$$', '$a$', '/*', "E'", '/* /* */']) {
      expect(splitStatements(`SELECT 1; SELECT ${start} a; b\n; c`)).toHaveLength(2);
    }
  });

  test('knows the words and the contents of dollar quotes, and nothing of strings and comments', () => {
    const [statement] = splitStatements(
      `create /* index */ function "Drop" () returns int as $x$ begin commit; end $x$ language plpgsql -- concurrently`,
    );
    expect(statement?.words).toEqual(['CREATE', 'FUNCTION', 'RETURNS', 'INT', 'AS', 'LANGUAGE', 'PLPGSQL']);
    expect(statement?.bodies).toEqual([' begin commit; end ']);
    expect(statement?.skeleton).toBe(`CREATE FUNCTION "Drop" ( ) RETURNS INT AS '' LANGUAGE PLPGSQL`);
  });

  test('takes a string of twenty million characters', () => {
    const long = 'a'.repeat(20_000_000);
    for (const quoted of [
      `'${long}'`,
      `E'${long}'`,
      `'${long.replaceAll('a', "''").slice(0, 20_000_000)}'`,
      `"${long}"`,
    ]) {
      expect(splitStatements(`SELECT ${quoted}; SELECT 2`)).toHaveLength(2);
    }
  });

  test('knows a string or a name that is never closed', () => {
    expect(splitStatements("SELECT 1; SELECT 'a; b").map(({ open }) => open)).toEqual([false, true]);
    expect(splitStatements('SELECT 1; /* a; /* b */').map(({ open }) => open)).toEqual([false, true]);
    expect(splitStatements('SELECT "a').map(({ open }) => open)).toEqual([true]);
    expect(splitStatements("SELECT E'a\\'").map(({ open }) => open)).toEqual([true]);
    expect(splitStatements("SELECT 'a''b', \"c\"").map(({ open }) => open)).toEqual([false]);
  });

  test('continues an escape string after comments, as the server does and its parser alone does not', () => {
    expect(split("SELECT E'a' -- it's\n  -- more;\n 'b\\';' ; SELECT 2")).toHaveLength(2);
  });

  test('goes through a script of ten thousand statements without going through it twice', () => {
    const sql = "INSERT INTO t VALUES ($$;$$, 'it''s'); -- one\n".repeat(10_000);
    expect(splitStatements(sql)).toHaveLength(10_000);
  });
});

/** Where psql would end statements: at semicolons outside of parentheses. */
function atSemicolons(sql: string, tokens: NonNullable<ReturnType<typeof serverTokens>>): string[] {
  const statements: string[] = [];
  let own: typeof tokens = [];
  let depth = 0;
  const finish = () => {
    const [first] = own;
    if (first !== undefined) statements.push(sql.slice(first.start, own.at(-1)?.end));
    own = [];
    depth = 0;
  };
  for (const token of tokens.filter(({ isComment }) => !isComment)) {
    if (token.text === ';' && depth === 0) {
      finish();
      continue;
    }
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth = Math.max(0, depth - 1);
    own.push(token);
  }
  finish();
  return statements;
}

/** Scripts that the server takes. */
function script(): fc.Arbitrary<string> {
  const letters = ['a', ';', ' ', '\n', '-', '/', '*', '$', '(', ')', 'é', '😀', '\\', '"', "'"];
  const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
  const without = (pattern: RegExp) => text.map((inner) => inner.replaceAll(pattern, ';'));
  const comment = fc.letrec<{ nested: string }>((tie) => ({
    nested: fc
      .tuple(without(/[/*]/g), fc.option(tie('nested'), { nil: '', maxDepth: 3 }), without(/[/*]/g))
      .map(([before, inner, after]) => `/* ${before}${inner}${after} */`),
  })).nested;
  const space = fc.oneof(
    fc.constantFrom(' ', '\n', '\r\n', '\t'),
    comment.map((inner) => ` ${inner}`),
    without(/\n/g).map((inner) => ` --${inner}\n`),
  );
  const tag = fc.constantFrom('$$', '$a$', '$a1$', '$é$', '$_$');
  const quoted = text.map((inner) => inner.replaceAll("'", "''"));
  const escaped = text.map((inner) => inner.replaceAll(/['\\]/g, (letter) => `\\${letter}`));
  const value = fc.oneof(
    quoted.map((inner) => `'${inner}'`),
    escaped.map((inner) => `E'${inner}'`),
    fc.tuple(escaped, escaped).map(([first, second]) => `e'${first}' \n\t'${second}'`),
    fc.tuple(quoted, quoted).map(([first, second]) => `'${first}'\n'${second}'`),
    text.map((inner) => `(SELECT 1 AS "a${inner.replaceAll('"', '""')}")`),
    fc.tuple(tag, without(/\$/g)).map(([quote, inner]) => `${quote}${inner}${quote}`),
    without(/\$/g).map((inner) => `$outer$ $a$${inner}$a$ $outer$`),
    fc.constantFrom('1', '1.5', 'NULL', 'CASE WHEN true THEN 1 END', 'a$b', "date '2020-01-01'", '(1 + (2))'),
  );
  const values = fc
    .array(fc.tuple(space, value), { minLength: 1, maxLength: 4 })
    .map((items) => items.map((item) => item.join('')).join(','));
  const select = fc.tuple(values, space).map(([list, after]) => `SELECT${list}${after}`);
  const statement = fc.oneof(
    select,
    select.map((first) => `CREATE RULE r AS ON INSERT TO t DO ALSO (${first};SELECT 2;)`),
    select.map(
      (first) =>
        `CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ${first}; SELECT CASE WHEN true THEN 1 END; END`,
    ),
    without(/\$/g).map((inner) => `DO $do$ BEGIN ${inner}; END $do$`),
    fc.constant(''),
  );
  const ended = fc.tuple(space, statement, fc.constantFrom(';', ' ;', ';;'));
  return fc.array(ended, { maxLength: 5 }).map((parts) => parts.flat().join(''));
}

/** Texts of pieces that mean something to the lexer, in any order. */
function soup(): fc.Arbitrary<string> {
  const quotes = [
    ';',
    "'",
    "''",
    '"',
    '$$',
    '$a$',
    '$',
    '/*',
    '*/',
    '--',
    "E'",
    "e'",
    "U&'",
    'U&"',
    "b'",
    "n'",
  ];
  const letters = [
    '\n',
    '\r',
    ' ',
    '(',
    ')',
    '\\',
    "\\'",
    'a',
    'E',
    'é',
    '😀',
    '1',
    '1.',
    '1e',
    '.',
    '0x',
    '_',
    '-',
    '/',
    '*',
    ':=',
    '::',
  ];
  const words = ['SELECT', 'BEGIN', 'ATOMIC', 'END', 'CASE', '$1 '];
  const piece = fc.constantFrom(...quotes, ...letters, ...words);
  // Junk right behind the number of a parameter: the server refuses it, its lexer alone does not.
  const junk = /\$\d+[^\s\d;]/;
  return fc
    .array(piece, { minLength: 1, maxLength: 20 })
    .map((pieces) => pieces.join(''))
    .filter((text) => !junk.test(text));
}
