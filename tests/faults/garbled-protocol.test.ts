import { expect, test } from 'vitest';
import { runBundle } from '../helpers/bundle.ts';
import { authentication, fakeServer, HEALTHY, message } from '../helpers/fake-server.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { printSeedOnFailure, Random } from './helpers/random.ts';
import { report } from './helpers/results.ts';

const RUNS = 300;
const AT_ONCE = 6;

const SCRAM = [
  HEALTHY[0] ?? [],
  [authentication(10, 'SCRAM-SHA-256\0\0')],
  [authentication(11, 'r=bm9uY2U=,s=c2FsdA==,i=4096')],
  [authentication(12, 'v=c2lnbmF0dXJl'), ...(HEALTHY[1] ?? [])],
];
const TYPES = [...'RSKZENTDC123ntGHdcvAIW~\0'];

/** A conversation with some of it damaged: bits, lengths, order, pieces lost, doubled or made up. */
function garble(random: Random): Buffer[] {
  const source = random.chance(0.7) ? HEALTHY : SCRAM;
  const turns = source.map((messages) => [...messages]);
  for (let damages = 1 + random.below(3); damages > 0; damages--) {
    const turn = random.pick(turns);
    const index = random.below(turn.length);
    const hit = Buffer.from(turn[index] ?? '');
    switch (random.below(8)) {
      case 0:
        if (hit.length > 0) hit.writeUInt8(random.below(256), random.below(hit.length));
        turn[index] = hit;
        break;
      case 1:
        if (hit.length >= 5)
          hit.writeUInt32BE(random.pick([0, 3, 4, 5, 9, 0xffff, 0x7fffffff, 0xffffffff]), 1);
        turn[index] = hit;
        break;
      case 2:
        if (hit.length > 0) hit.write(random.pick(TYPES), 0, 'latin1');
        turn[index] = hit;
        break;
      case 3:
        turn.splice(index, 1);
        break;
      case 4:
        turn.splice(index, 0, hit);
        break;
      case 5:
        turn[index] = hit.subarray(0, random.below(hit.length + 1));
        break;
      case 6:
        turn.splice(index, 0, message(random.pick(TYPES), noise(random)));
        break;
      default:
        turn.splice(
          index,
          0,
          random.chance(0.5) ? noise(random) : authentication(random.below(14), noise(random)),
        );
    }
  }
  return turns.map((messages) => Buffer.concat(messages));
}

function noise(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
}

test('a server whose protocol is garbled ends the boot with 69, 75 or 77, or does no harm; never with 70', async () => {
  printSeedOnFailure();
  const app = await createStandalone();
  const wait = async (answers: readonly Buffer[], timeout: string) => {
    const { port } = await fakeServer(answers);
    const env = {
      DATABASE_URL: `postgresql://app:a-password@127.0.0.1:${port}/app`,
      ENTRYPOINT_DB_TIMEOUT: timeout,
    };
    return runBundle({ dir: app.dir, args: ['wait'], env });
  };
  const healthy = await wait(
    HEALTHY.map((messages) => Buffer.concat(messages)),
    '60s',
  );
  expect(healthy.code, 'before anything is damaged').toBe(0);

  const random = new Random('garbled protocol');
  const conversations = Array.from({ length: RUNS }, () => garble(random));
  const ends = new Map<number | null, number>();
  const work = async () => {
    for (let answers = conversations.pop(); answers !== undefined; answers = conversations.pop()) {
      const { code, stdout } = await wait(answers, '700ms');
      ends.set(code, (ends.get(code) ?? 0) + 1);
      const shown = answers.map((answer) => answer.toString('latin1'));
      expect([0, 69, 75, 77], `${JSON.stringify(shown)}\n${stdout}`).toContain(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(ends.get(69)).toBeGreaterThan(RUNS / 3);
  report('hostile servers', 'garbled protocol before and after the login', { tried: RUNS, manual: 0 });
});
