import { beforeAll, describe, expect, test } from 'vitest';
import { printSeedOnFailure } from '../helpers/random.ts';
import { report } from '../helpers/results.ts';
import { prepareStorm, type Storm } from '../helpers/storm.ts';

describe('a session ended, and its process killed, at any instant', () => {
  let storm: Storm;
  beforeAll(async () => {
    storm = await prepareStorm('session', { length: 60 });
  });

  test.each([1, 2, 3, 4, 5])('recovers by itself, round %i', async (round) => {
    printSeedOnFailure();
    const tally = await storm.round(round, 20, ['session', 'session', 'backend']);
    report('kill storm', 'session ended, or its backend killed at any instant', {
      tried: tally.strikes,
      manual: tally.manual,
    });
    expect(tally).toEqual({ strikes: 20, manual: 0 });
  });
});
