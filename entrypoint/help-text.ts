import type { Command, Flags } from './commands/command.ts';
import { COMMANDS } from './commands/index.ts';

/** The flags of every command. */
export const EVERYWHERE = {
  help: { type: 'boolean', short: 'h', summary: 'Prints the help, of one command where one is named' },
  version: { type: 'boolean', short: 'v', summary: 'Prints the version' },
} as const satisfies Flags;

type Row = readonly [left: string, right: string];

const COLUMNS = 80;

/** The text of `--help` and `help`: of one command, or of the whole. */
export function helpText(command: Command | undefined): string {
  return command === undefined ? overview() : ofCommand(command);
}

export function usageLine({ name, usage }: Command): string {
  return `Usage: node entrypoint.js ${name} ${usage}`.trimEnd();
}

function overview(): string {
  return [
    'Usage: node entrypoint.js [COMMAND] [FLAG...]',
    '',
    ...wrap(
      'Validates the environment and the build, waits for PostgreSQL, migrates, seeds, and runs the server.',
      COLUMNS,
    ),
    '',
    'Commands:',
    ...table([
      ...COMMANDS.map(({ name, summary }): Row => [name, summary]),
      ['help', 'Prints this help, or with `help COMMAND` that of a command'],
    ]),
    '',
    'Flags:',
    ...table([['--check', 'The same as the command check'], ...rows(EVERYWHERE)]),
    '',
    '`explain` prints the variables and the exit codes.',
  ].join('\n');
}

function ofCommand(command: Command): string {
  return [
    usageLine(command),
    '',
    ...wrap(`${command.summary}.`, COLUMNS),
    '',
    'Flags:',
    ...table(rows({ ...command.flags, ...EVERYWHERE })),
  ].join('\n');
}

function rows(flags: Flags): Row[] {
  return Object.entries(flags).map(([name, { short, value, summary }]) => [
    `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    summary,
  ]);
}

/** Two columns, of which the right one is wrapped. */
function table(lines: readonly Row[]): string[] {
  const width = Math.max(...lines.map(([left]) => left.length)) + 4;
  return lines.flatMap(([left, right]) =>
    wrap(right, COLUMNS - width).map((line, n) => `  ${n === 0 ? left : ''}`.padEnd(width) + line),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && longer.length <= width) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}
