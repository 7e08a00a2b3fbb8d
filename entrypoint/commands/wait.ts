import { EXIT_STATUS } from '../lib/errors.ts';
import type { Command } from './command.ts';
import { withDatabase } from './with-database.ts';

export const wait: Command = {
  name: 'wait',
  summary: 'The wait for the database alone',
  usage: '',
  flags: {},
  printsResult: false,
  async run({ config, context }) {
    await withDatabase(config(), { createDatabase: false }, context, async () => undefined);
    return EXIT_STATUS.ok.status;
  },
};
