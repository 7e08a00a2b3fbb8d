import * as z from 'zod/mini';
import { plainLine } from '../lib/plain-text.ts';
import { HISTORY_TABLE, type HistoryDoubt } from './history-table.ts';

/** A row of `_prisma_migrations`, as far as the history needs it. */
export interface HistoryRow {
  readonly name: string;
  readonly checksum: string;
  readonly startedAt: string;
  readonly finished: boolean;
  readonly rolledBack: boolean;
  /** What Prisma noted of a failure; null for rows that did not fail. */
  readonly logs: string | null;
  /** Null for rows that have ended well. */
  readonly id: string | null;
}

/** What was found about the rows of the user table. */
export type SeedCount =
  | { readonly kind: 'counted'; readonly table: string; readonly rows: number }
  | { readonly kind: 'missing'; readonly tables: readonly string[] }
  | { readonly kind: 'unreadable'; readonly table: string; readonly reason: string }
  | { readonly kind: 'untrusted'; readonly table: string; readonly owner: string };

/** The tables whose rows decide whether to seed, in order of preference; the first that exists counts. */
export function seedTables(configured: string | undefined): readonly string[] {
  return configured === undefined ? ['users', 'User', 'user'] : [configured];
}

/** What the server says of itself and of us. */
export interface ServerFacts {
  readonly version: string;
  /** Such as 170004. */
  readonly versionNum: number;
  readonly standby: boolean;
  readonly readOnly: boolean;
  readonly role: string;
  /** The process id of the backend, to compare with the one the connection was told. */
  readonly pid: number;
}

/** Everything the boot asks of a database, read at one instant. */
export interface Survey {
  readonly server: ServerFacts;
  /** The schema `_prisma_migrations` is in, or will be; null where the search path names none that exists. */
  readonly schema: string | null;
  /** Rows of `_prisma_migrations`; null where the table is not there, or not trusted. */
  readonly history: readonly HistoryRow[] | null;
  /** The oid of a table that is not as Prisma makes it, and was not read. */
  readonly unusualHistory: string | null;
  /** Why the table is not trusted. */
  readonly doubt: HistoryDoubt | null;
  readonly seed: SeedCount;
}

/** Made when there is an answer to read: until then the server is waited for. */
const rowSchema = () =>
  z.tuple([
    z.string(),
    z.string(),
    z.string(),
    z.boolean(),
    z.boolean(),
    z.nullable(z.string()),
    z.nullable(z.string()),
  ]);
const serverSchema = () =>
  z.object({
    version: z.string(),
    versionNum: z.number(),
    standby: z.boolean(),
    readOnly: z.boolean(),
    role: z.string(),
    pid: z.number(),
  });
const factsSchema = () =>
  z.object({
    server: serverSchema(),
    schema: z.nullable(z.string()),
    namespaceOwner: z.nullable(z.string()),
    unusualHistory: z.nullable(z.string()),
    history: z.nullable(z.string()),
    seedTable: z.nullable(z.string()),
    seedReason: z.nullable(z.string()),
    seedOwner: z.nullable(z.string()),
    seedRows: z.nullable(z.string()),
  });
type Facts = z.infer<ReturnType<typeof factsSchema>>;

/** What a server answered to the survey. */
export function readSurvey(answer: unknown, seedTables: readonly string[]): Survey {
  const facts = factsSchema().parse(answer);
  return {
    server: facts.server,
    schema: facts.schema,
    unusualHistory: facts.unusualHistory,
    doubt: readDoubt(facts),
    history: facts.history === null ? null : parseHistory(facts.history),
    seed: readSeed(facts, seedTables),
  };
}

/** What it answered to the part of it that touches no table. */
export function readServerFacts(answer: unknown): ServerFacts {
  return serverSchema().parse(answer);
}

function readDoubt({ schema, namespaceOwner }: Facts): HistoryDoubt | null {
  if (schema === HISTORY_TABLE) return ['schema', schema];
  if (schema !== null && /^(?:pg_|information_schema$)/.test(schema)) return ['reserved', schema];
  const owner = cell(namespaceOwner ?? '');
  return owner === '' ? null : ['namespace', owner];
}

function readSeed(facts: Facts, tables: readonly string[]): SeedCount {
  const { seedTable: table, seedReason: reason, seedOwner: owner, seedRows: rows } = facts;
  if (table === null) return { kind: 'missing', tables };
  if (owner !== null) return { kind: 'untrusted', table, owner: plainLine(owner) };
  if (reason !== null || rows === null)
    return { kind: 'unreadable', table, reason: plainLine(reason ?? 'another relation has taken its place') };
  return { kind: 'counted', table, rows: Number(cell(rows)) };
}

function parseHistory(xml: string): HistoryRow[] {
  const parsed = z.array(rowSchema()).parse(JSON.parse(cell(xml) || '[]'));
  return parsed.map(([name, checksum, startedAt, finished, rolledBack, logs, id]) => ({
    name,
    checksum,
    startedAt,
    finished,
    rolledBack,
    logs,
    id,
  }));
}

/** The only cell of a `query_to_xml` result, unescaped. */
function cell(xml: string): string {
  const text = /<cell>([\s\S]*)<\/cell>/.exec(xml)?.[1] ?? '';
  const entities: Readonly<Record<string, string>> = {
    lt: '<',
    gt: '>',
    amp: '&',
    quot: '"',
    '#x0D': '\r',
    '#xD': '\r',
  };
  return text.replace(/&(lt|gt|amp|quot|#x0?D);/g, (_, entity: string) => entities[entity] ?? '');
}
