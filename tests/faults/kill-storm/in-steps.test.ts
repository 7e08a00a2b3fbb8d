import { beforeAll, describe, expect, test } from 'vitest';
import { printSeedOnFailure } from '../helpers/random.ts';
import { report } from '../helpers/results.ts';
import { prepareStorm, type Storm } from '../helpers/storm.ts';

describe('migrations that cannot be one transaction, cut off at any instant', () => {
  let storm: Storm;
  beforeAll(async () => {
    storm = await prepareStorm('in steps', { length: 40, inSteps: 24 });
  });

  test.each([1, 2, 3])('are done, or left to a person with both commands: round %i', async (round) => {
    printSeedOnFailure();
    const tally = await storm.round(round, 20, ['process', 'process', 'session', 'server']);
    report('kill storm', 'any of these, in scripts that cannot be one transaction', {
      tried: 20,
      manual: tally.manual,
    });
    expect(tally.strikes).toBe(20);
  });
});
