import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type pg from 'pg';
import { BootError } from '../../core/errors.ts';
import type { Database } from '../../database/database.ts';
import type { ServerFacts } from '../../database/survey-answer.ts';
import { messageOf } from '../../lib/describe-error.ts';
import { plainLine } from '../../lib/plain-text.ts';
import { type ScriptLimits, scriptSettings } from '../../migrations/apply/script-settings.ts';
import { createSchemaEngine, type SchemaEngine } from '../../migrations/engine/schema-engine.ts';
import { connectionLost } from '../../postgres/connection-lost.ts';
import { SAFE_PATH } from '../../postgres/session.ts';
import type { PrismaFolder } from '../check-build/check-prisma.ts';
import { readSchemaFiles } from '../check-build/datasource.ts';
import { findLosses } from './push-losses.ts';
import { PushRecorder } from './push-recorder.ts';
import { type Hold, TableCounter } from './push-tables.ts';
import { refuseForeignObjects } from './push-trust.ts';

const DEFAULT_SCHEMA = 'public';
/** Of what the engine warns only because it runs statements one by one: here it is rolled back as a whole. */
const FAILS_WHOLE =
  /^A unique constraint covering the columns? .* will be added\.|^The primary key for the .* table will be changed\./;

export interface PushPlan {
  readonly appDir: string;
  readonly prisma: PrismaFolder;
  readonly hold: Hold;
  /** Sends a query that may take long. */
  readonly ask: <Row extends pg.QueryResultRow>(sql: string) => Promise<readonly Row[]>;
  /** What of the push is in the database by now. */
  readonly before: string;
}

type Limits = Pick<ScriptLimits, 'lockTimeoutMs' | 'statementTimeoutMs'>;

/** Begins the transaction of a plan. Row level security would hide rows from the counts, and run its policies. */
export function beginPlan(
  mode: 'read only' | 'read write',
  limits: Limits,
  { versionNum }: ServerFacts,
): string {
  return [
    `begin isolation level read committed ${mode}`,
    `set local search_path = ${SAFE_PATH}`,
    'set local row_security = off',
    // A count may take longer than the role allows the statements of the app.
    'set local statement_timeout = 0',
    ...scriptSettings({ ...limits, versionNum, schema: undefined, noticesLostClient: false }, 'LOCAL'),
  ].join('; ');
}

/** The schemas that the engine looks at, and may change. */
export function schemasOf({ state }: Database, { schemas }: PrismaFolder): readonly [string, ...string[]] {
  return [state.schema ?? DEFAULT_SCHEMA, ...schemas];
}

/** The statements that `prisma db push` would run, planned in a transaction that only reads. */
export async function previewPush(
  database: Database,
  plan: Pick<PushPlan, 'appDir' | 'prisma'>,
  limits: Limits,
  ask: PushPlan['ask'] = (sql) => database.session.send(sql),
): Promise<readonly string[]> {
  const { session } = database;
  try {
    await session.send(beginPlan('read only', limits, database.server));
    return await planPush(database, { ...plan, hold: 'ACCESS SHARE', ask, before: 'Nothing was changed.' });
  } finally {
    if (!session.lost.aborted) await session.send('rollback').catch(() => undefined);
  }
}

/**
 * The statements that `prisma db push` would run, in the transaction that was begun. Throws `PUSH_REFUSED` where they would
 * lose data, or fail on the data that is there: that stays true to the end of a transaction that holds what it counts.
 */
export async function planPush(
  database: Database,
  { appDir, prisma, hold, ask, before }: PushPlan,
): Promise<readonly string[]> {
  database.requireTrustedHistory();
  const schemas = schemasOf(database, prisma);
  await refuseForeignObjects(database, schemas);
  const counter = new TableCounter(database, schemas, { hold, ask });
  const recorder = new PushRecorder(database, schemas[0], counter);
  await planWithEngine(database, recorder, { appDir, prisma, before });
  const losses = await findLosses(database, recorder.statements, schemas[0], counter);
  if (losses.length > 0) throw wouldLoseData(losses, before);
  return recorder.statements;
}

async function planWithEngine(
  { session }: Database,
  recorder: PushRecorder,
  { appDir, prisma, before }: Pick<PushPlan, 'appDir' | 'prisma' | 'before'>,
): Promise<void> {
  let engine: SchemaEngine | undefined;
  try {
    engine = await createSchemaEngine(
      bindMigrationAwareSqlAdapterFactory(recorder),
      prisma.schemas,
      () => undefined,
    );
    const schema = { files: readSchemaFiles(prisma.schemaFiles, appDir) };
    const hasWarnings = await planWith(engine, { schema, force: false }, before);
    // Whatever they are, the engine goes on only if it is told to.
    if (hasWarnings) await planWith(engine, { schema, force: true }, before);
  } catch (error) {
    if (error instanceof BootError) throw error;
    if (session.lost.aborted) throw connectionLost(session.settings, session.lost.reason ?? error);
    throw recorder.failure ?? recorder.refusal ?? notUnderstood(error, before);
  } finally {
    engine?.free();
  }
}

/** Whether there are warnings, of which each is harmless. */
async function planWith(
  engine: SchemaEngine,
  input: Omit<Parameters<SchemaEngine['schemaPush']>[0], 'filters'>,
  before: string,
): Promise<boolean> {
  const filters = { externalTables: [], externalEnums: [] };
  const { unexecutable, warnings } = await engine.schemaPush({ ...input, filters });
  const refused = [...unexecutable, ...warnings.filter((warning) => !FAILS_WHOLE.test(warning))];
  if (refused.length > 0) throw wouldLoseData(refused, before);
  return warnings.length > 0;
}

function wouldLoseData(changes: readonly string[], before: string): BootError {
  return new BootError('PUSH_REFUSED', {
    message: 'The schema cannot be pushed without losing data, or fails on the data that is there',
    hint: `${before} Change the schema or the data so that nothing is lost, or change to migrations, in which you say what happens to the data.`,
    details: changes.map(plainLine),
  });
}

function notUnderstood(error: unknown, before: string): BootError {
  const text = (messageOf(error).split('\n   0:')[0] ?? '').trim().replace(/^error: /, '');
  const [message = '', ...details] = text.split('\n');
  return new BootError(
    'PUSH_REFUSED',
    {
      message: `Prisma's schema engine cannot push the schema: ${plainLine(message.replace(/\.$/, ''))}`,
      hint: `${before} \`npx prisma validate\` checks the schema.`,
      details: details.map(plainLine),
    },
    error,
  );
}
