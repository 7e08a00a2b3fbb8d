import { afterAll } from 'vitest';
import { runFileCleanups } from './cleanup.ts';

// When the run itself is killed, a file in the middle of a long wait would go on, and what it has started too.
// Not `process.exit`, which Vitest replaces in here.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));

afterAll(runFileCleanups);
