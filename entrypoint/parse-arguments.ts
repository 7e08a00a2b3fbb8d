import { parseArgs } from 'node:util';
import type { Command, Flags } from './commands/command.ts';
import { CHECK, COMMANDS, START } from './commands/index.ts';
import { BootError } from './core/errors.ts';
import { nearest } from './lib/nearest.ts';

const EVERYWHERE: Flags = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } };

export interface Parsed {
  readonly command: Command;
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  readonly rest: readonly string[];
}

/** `[command] [flags] [-- rest]` as a command and its flags; throws `USAGE` with the nearest right word. */
export function parseArguments(argv: readonly string[]): Parsed {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const rest = split === -1 ? [] : argv.slice(split + 1);
  const [first = '', ...others] = own;
  const named = first !== '' && !first.startsWith('-');
  const asksForCheck = own.includes('--check');
  const command = named ? findCommand(first) : asksForCheck ? CHECK : START;
  const args = (named ? others : own).filter((argument) => argument !== '--check' || command !== CHECK);
  const flags: Flags = { ...EVERYWHERE, ...command.flags };
  const { tokens, values } = parseArgs({
    args,
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') throw unknown('argument', token.value, [], command);
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    if (flag === undefined)
      throw unknown(
        'flag',
        token.rawName,
        Object.keys(flags).map((name) => `--${name}`),
        command,
      );
    const isText = flag.type === 'string';
    if (isText !== (token.value !== undefined) || (isText && token.value?.startsWith('-'))) {
      throw usage(token.rawName, isText ? 'a value' : 'no value', isText ? 'none' : 'one', command);
    }
  }
  return { command, flags: values as Parsed['flags'], rest };
}

/** The text of `--help`: of the whole, or of one command. */
export function helpText(command: Command | undefined): string {
  if (command !== undefined && command !== START) {
    return `${usageLine(command)}\n\n${command.summary}.`;
  }
  const width = Math.max(...COMMANDS.map(({ name, usage: line }) => name.length + line.length + 1));
  const commands = COMMANDS.map(
    ({ name, usage: line, summary }) => `  ${`${name} ${line}`.padEnd(width)}  ${summary}`,
  );
  return [
    'Usage: node entrypoint.js [command] [flags]',
    '',
    'Validates the environment and the build, waits for PostgreSQL, migrates, seeds, and runs the server.',
    '',
    'Commands:',
    ...commands,
    '',
    'Flags everywhere: --help, --version. `explain` prints the variables and the exit codes.',
  ].join('\n');
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined)
    throw unknown(
      'command',
      name,
      COMMANDS.map((known) => known.name),
      undefined,
    );
  return command;
}

function unknown(
  kind: string,
  word: string,
  known: readonly string[],
  command: Command | undefined,
): BootError {
  const suggestion = nearest(word, known);
  return new BootError('USAGE', {
    what: 'the command line',
    expected: `a ${kind} that ${command === undefined ? 'Zarpe' : command.name} knows`,
    got: `\`${word}\``,
    action: suggestion === undefined ? 'See --help.' : `Did you mean ${suggestion}?`,
  });
}

function usage(what: string, expected: string, got: string, command: Command): BootError {
  return new BootError('USAGE', { what, expected, got, action: usageLine(command) });
}

function usageLine({ name, usage: line }: Command): string {
  return `Usage: node entrypoint.js ${name} ${line}`.trimEnd();
}
