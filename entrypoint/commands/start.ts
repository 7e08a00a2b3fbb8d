import { boot } from '../boot.ts';
import type { Command } from './command.ts';

export const start: Command = {
  name: 'start',
  summary: 'The whole boot, then the server (the default)',
  usage: '[-- SERVER-ARGUMENT...]',
  flags: {},
  isBoot: true,
  printsResult: false,
  run: ({ config, rest, context }) => boot(config(), rest, context),
};
