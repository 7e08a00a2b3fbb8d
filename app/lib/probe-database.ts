import { Pool } from 'pg';
import { readServerConnection } from './database.ts';

/** Leaves room for the answer itself within the second a health check may take. */
const DEADLINE = 800;

let pool: Pool | undefined;
let running: Promise<boolean> | undefined;

/**
 * Answers whether the database does, in under a second also when it hangs. All who ask at the same time share
 * one probe, on a connection of its own: a busy app is not an unhealthy one, and a flood of checks costs nothing.
 */
export function isDatabaseConnected(): Promise<boolean> {
  running ??= probe().finally(() => {
    running = undefined;
  });
  return running;
}

async function probe(): Promise<boolean> {
  const deadline = performance.now() + DEADLINE;
  try {
    pool ??= openPool();
    const client = await pool.connect();
    try {
      const query = { text: 'SELECT 1', query_timeout: Math.max(1, deadline - performance.now()) };
      await client.query(query);
    } catch (error) {
      // Closes the socket, whatever is still under way on it.
      client.release(true);
      throw error;
    }
    client.release();
    return true;
  } catch {
    return false;
  }
}

function openPool(): Pool {
  const pool = new Pool({
    ...readServerConnection().pool,
    max: 1,
    connectionTimeoutMillis: DEADLINE,
    allowExitOnIdle: true,
  });
  // An idle connection that breaks leaves the pool by itself; the next probe tells.
  return pool.on('error', () => {});
}
