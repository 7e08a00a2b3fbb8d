/**
 * What SQL looks up through a search path in which others can write, by PostgreSQL's own parser. A connection is
 * followed statement by statement: `SET search_path`, transactions, resets.
 *
 *     const path = new SearchPathModel();
 *     path.read('set local search_path = pg_catalog, pg_temp; select now()')   // []
 *     path.read('select now()')                                                // ['function now']
 */
import { loadModule, parseSync } from 'libpg-query';

type Node = { readonly [key: string]: unknown };

const SAFE = ['pg_catalog', 'pg_temp'];

await loadModule();

export class SearchPathModel {
  #isSafe = false;
  #isSafeInTransaction: boolean | undefined;
  #isOpen = false;

  /** Reads one message of the protocol, and answers with what it looks up through another path than the safe one. */
  read(sql: string): string[] {
    const statements = parseSync(sql).stmts ?? [];
    const found = statements.flatMap(({ stmt }) => this.#readStatement(stmt as Node));
    if (!this.#isOpen) this.#isSafeInTransaction = undefined;
    return found;
  }

  #readStatement(statement: Node): string[] {
    const [[kind, body] = ['', {}]] = Object.entries(statement) as [string, Node][];
    if (kind === 'TransactionStmt') this.#control(String(body.kind));
    else if (kind === 'VariableSetStmt') this.#set(body);
    else if (!(this.#isSafeInTransaction ?? this.#isSafe)) return [...findNames(statement)];
    return [];
  }

  #control(kind: string): void {
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') this.#isOpen = true;
    if (kind !== 'TRANS_STMT_COMMIT' && kind !== 'TRANS_STMT_ROLLBACK') return;
    this.#isOpen = false;
    this.#isSafeInTransaction = undefined;
  }

  #set({ kind, name, args, is_local: isLocal }: Node): void {
    if (kind !== 'VAR_RESET_ALL' && name !== 'search_path') return;
    const isSafe = kind === 'VAR_SET_VALUE' && JSON.stringify(stringsIn(args)) === JSON.stringify(SAFE);
    if (isLocal !== true) this.#isSafe = isSafe;
    if (isLocal === true || this.#isSafeInTransaction !== undefined) this.#isSafeInTransaction = isSafe;
  }
}

function* findNames(node: unknown, known: ReadonlySet<string> = new Set()): Generator<string> {
  if (Array.isArray(node)) for (const item of node) yield* findNames(item, known);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  const ctes = new Set([...known, ...cteNames(node as Node)]);
  for (const [key, value] of Object.entries(node)) {
    const name = nameOf(key, value as Node, ctes);
    if (name !== undefined) yield name;
    yield* findNames(value, ctes);
  }
}

function nameOf(key: string, node: Node, known: ReadonlySet<string>): string | undefined {
  if (key === 'FuncCall') return unqualified('function', stringsIn(node.funcname));
  if (key === 'typeName' || key === 'TypeName') return unqualified('type', stringsIn(node.names));
  if (key === 'A_Expr') return unqualified('operator', stringsIn(node.name));
  if (key === 'SubLink' && node.testexpr !== undefined) return unqualified('operator of a', ['subquery']);
  if (key === 'JoinExpr' && node.usingClause !== undefined) return unqualified('operator of', ['USING']);
  if (key === 'CaseExpr' && node.arg !== undefined) return unqualified('operator of', ['CASE']);
  if (key !== 'RangeVar' && key !== 'relation') return undefined;
  const isKnown = node.schemaname !== undefined || known.has(String(node.relname));
  return isKnown || node.relname === undefined ? undefined : `relation ${node.relname}`;
}

function unqualified(kind: string, names: readonly string[]): string | undefined {
  return names.length === 1 ? `${kind} ${names[0]}` : undefined;
}

function cteNames({ withClause }: Node): string[] {
  const list = (withClause as Node | undefined)?.ctes;
  return Array.isArray(list) ? list.map((cte: Node) => String((cte.CommonTableExpr as Node).ctename)) : [];
}

function stringsIn(list: unknown): string[] {
  return [...JSON.stringify(list ?? []).matchAll(/"sval":"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => text);
}
