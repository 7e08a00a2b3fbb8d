import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'pg';
import { readServerConnection } from './database.ts';

/** In milliseconds; leaves room for the answer itself within the second a health check may take. */
const DEADLINE = 600;

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
  return Promise.race([running, delay(DEADLINE, false, { ref: false })]);
}

/** Ends by itself: each of its waits is bounded, and the pool closes the socket of the one that was too long. */
async function probe(): Promise<boolean> {
  try {
    pool ??= openPool();
    await pool.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}

function openPool(): Pool {
  const connection = readServerConnection();
  const bounds = { max: 1, connectionTimeoutMillis: DEADLINE, query_timeout: DEADLINE };
  // An idle connection that breaks leaves the pool by itself; the next probe tells.
  return new Pool({ ...connection.pool, ...bounds }).on('error', () => {});
}
