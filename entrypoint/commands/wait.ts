import { EXIT_STATUS } from '../lib/errors.ts';
import { withDatabase } from '../steps/with-database.ts';
import type { Command } from './command.ts';

export const wait: Command = {
  name: 'wait',
  summary: 'The wait for the database alone',
  usage: '',
  flags: {},
  isBoot: false,
  printsResult: false,
  async run({ config, context }) {
    await withDatabase(config(), { createDatabase: false }, context, async () => undefined);
    return EXIT_STATUS.ok.status;
  },
};
