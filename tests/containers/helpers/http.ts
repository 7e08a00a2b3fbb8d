/** Requests that wait for the state they ask for. */
import { setTimeout as pause } from 'node:timers/promises';

export interface Answer {
  status: number;
  body: string;
  headers: Headers;
}

/** One request; a connection that fails is status 0. The bound is for what hangs: how long an answer takes is not tested. */
export async function ask(url: string): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
    return { status: response.status, body: await response.text(), headers: response.headers };
  } catch (error) {
    return { status: 0, body: String(error), headers: new Headers() };
  }
}

/** Asks until the answer is as wanted; there is no event for it. The test's own timeout is the bound. */
export async function askUntil(url: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (;;) {
    const answer = await ask(url);
    if (wanted(answer)) return answer;
    await pause(100);
  }
}
