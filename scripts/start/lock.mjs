import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';

/**
 * Does its work while no other `npm start` or `npm run dev` of this repository does. The lock is a file with our process's number,
 * and means nothing once that process has gone, however it went.
 * @template Result
 * @param {string} folder
 * @param {() => Promise<Result>} work
 */
export async function withLock(folder, work) {
  const file = join(folder, 'start.lock');
  // Open to all: the account PostgreSQL runs under passes through on its way to the data.
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await take(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** @param {string} file */
async function take(file) {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const pid = Number(await readFile(file, 'utf8'));
    if (await isStart(pid)) {
      throw new Error(`it runs already here, as process ${pid}. Stop that one with Ctrl-C, or: kill ${pid}`);
    }
    await rm(file, { force: true });
    await take(file);
  }
}

/**
 * Where the system tells, the process must be one of these two: numbers are given anew.
 * @param {number} pid
 */
async function isStart(pid) {
  if (!pid || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'start.mjs');
  return /\b(?:start|dev)\.mjs/.test(command);
}
