import { database } from './database.ts';

/** The number of users, or nothing where the database does not answer: a page is shown either way. */
export async function countUsers(): Promise<number | undefined> {
  try {
    return await database().user.count();
  } catch (error) {
    console.error('The users could not be counted:', describe(error));
    return undefined;
  }
}

/** The code alone where there is one: a log line for every page view should be short. */
function describe(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
