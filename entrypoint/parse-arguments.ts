import { parseArgs } from 'node:util';
import type { Command, Flags } from './commands/command.ts';
import { CHECK, COMMANDS, START } from './commands/index.ts';
import { BootError } from './core/errors.ts';
import { EVERYWHERE, usageLine } from './help-text.ts';
import { nearest } from './lib/nearest.ts';

export interface Parsed {
  readonly command: Command;
  /** Whether the command was asked for; where none is, it is the default. */
  readonly isNamed: boolean;
  readonly flags: Readonly<Record<string, string | boolean | undefined>>;
  /** The argument beside the flags. */
  readonly argument: string | undefined;
  readonly rest: readonly string[];
}

type Chosen = Pick<Parsed, 'command' | 'isNamed'>;

/** What a misspelt word may have been meant to be, by the way it is spelt there. */
type Known = Readonly<Record<string, string>>;

const NAMES = ['help', ...COMMANDS.map(({ name }) => name)];

/** `[command] [flags] [-- rest]` as a command and its flags; throws `USAGE` with the nearest right word. */
export function parseArguments(argv: readonly string[]): Parsed {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const rest = split === -1 ? [] : argv.slice(split + 1);
  const [first = '', ...others] = own;
  if (first === 'help') return parseArguments([...others, '--help']);
  const isWord = first !== '' && !first.startsWith('-');
  const asksForCheck = own.includes('--check');
  const command = isWord ? findCommand(first) : asksForCheck ? CHECK : START;
  const chosen = { command, isNamed: isWord || asksForCheck };
  const args = (isWord ? others : own).filter((argument) => argument !== '--check' || command !== CHECK);
  return { ...chosen, ...readFlags(args, chosen), rest };
}

function findCommand(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    throw unknown(
      'a command that Zarpe knows',
      name,
      Object.fromEntries(NAMES.map((known) => [known, known])),
    );
  }
  return command;
}

function readFlags(args: string[], chosen: Chosen): Pick<Parsed, 'flags' | 'argument'> {
  const { command } = chosen;
  const flags: Flags = { ...command.flags, ...EVERYWHERE };
  const { tokens, values } = parseArgs({
    args,
    options: flags,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let argument: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (command.takesArgument !== true || argument !== undefined)
        throw unknown(
          `no ${argument === undefined ? '' : 'second '}argument of ${command.name}`,
          token.value,
          {},
        );
      argument = token.value;
    }
    if (token.kind !== 'option') continue;
    const flag = flags[token.name];
    if (flag === undefined) {
      const known = knownFlags(Object.keys(flags), chosen);
      throw unknown(`a flag that ${command.name} knows`, token.rawName, known, args[token.index]);
    }
    const isText = flag.type === 'string';
    if (isText !== (token.value !== undefined) || (isText && token.value?.startsWith('-'))) {
      throw new BootError('USAGE', {
        what: token.rawName,
        expected: isText ? 'a value' : 'no value',
        got: isText ? 'none' : 'one',
        hint: usageLine(command),
      });
    }
  }
  return { flags: values as Parsed['flags'], argument };
}

/** Where no command is named, the flag may have been meant as one. */
function knownFlags(names: readonly string[], { isNamed }: Chosen): Known {
  const commands = isNamed ? [] : NAMES.map((name) => [`--${name}`, name]);
  const flags = isNamed ? names : [...names, 'check'];
  return Object.fromEntries([...commands, ...flags.map((name) => [`--${name}`, `--${name}`])]);
}

/** `written`: all of the argument, where `word` is a part of it. */
function unknown(expected: string, word: string, known: Known, written = word): BootError {
  const [spelt = word] = written.split('=', 1);
  const suggestion = nearest(spelt, Object.keys(known));
  return new BootError('USAGE', {
    what: 'the command line',
    expected,
    got: `\`${word}\``,
    hint: suggestion === undefined ? 'See --help.' : `Did you mean ${known[suggestion]}?`,
  });
}
