import type { Session } from '../../postgres/session.ts';

/** Indexes whose concurrent build did not end: they cost writes and serve no query. Empty where they cannot be read. */
export async function findInvalidIndexes(session: Session): Promise<string[]> {
  try {
    const rows = await session.query<{ name: string }>(
      'select indexrelid::regclass::text as name from pg_catalog.pg_index where not indisvalid order by 1',
    );
    return rows.map(({ name }) => name);
  } catch {
    return [];
  }
}

export function describeInvalidIndexes(names: readonly string[]): string[] {
  return names.map(
    (name) => `Invalid index: ${name}, left by a build that did not end (DROP INDEX CONCURRENTLY ${name})`,
  );
}
