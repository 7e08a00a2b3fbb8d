import { beforeAll, describe, expect, test } from 'vitest';
import { printSeedOnFailure } from '../helpers/random.ts';
import { report } from '../helpers/results.ts';
import { prepareStorm, type Storm } from '../helpers/storm.ts';

describe('migrations that cannot be one transaction, cut off at any instant', () => {
  let storm: Storm;
  beforeAll(async () => {
    storm = await prepareStorm('autocommit', { length: 17, autocommit: true });
  });

  test.each([1, 2, 3])(
    'go on by themselves, but for the kinds that may need a person: round %i',
    async (round) => {
      printSeedOnFailure();
      const tally = await storm.round(round, 20, ['process', 'session', 'backend', 'server']);
      report('kill storm', 'any of these, in scripts that cannot be one transaction', {
        tried: tally.strikes,
        manual: tally.manual,
      });
      expect(tally.strikes).toBe(20);
    },
  );
});
