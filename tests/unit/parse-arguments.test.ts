import { describe, expect, test } from 'vitest';
import type { Flag } from '../../entrypoint/commands/command.ts';
import { COMMANDS } from '../../entrypoint/commands/index.ts';
import { helpText } from '../../entrypoint/help-text.ts';
import { parseArguments } from '../../entrypoint/parse-arguments.ts';
import { problemsOf } from '../helpers/problems.ts';

function parse(...argv: string[]) {
  const { command, flags, rest } = parseArguments(argv);
  return { command: command.name, flags: { ...flags }, rest };
}
const refuse = (...argv: string[]) => problemsOf(() => parseArguments(argv), 'USAGE')[0];

describe('parseArguments', () => {
  test('starts where nothing is asked for', () => {
    expect(parse()).toEqual({ command: 'start', flags: {}, rest: [] });
    expect(parse('--')).toEqual({ command: 'start', flags: {}, rest: [] });
  });

  test.each(COMMANDS.map(({ name }) => name))('knows %s, its help and its version', (name) => {
    expect(parse(name)).toEqual({ command: name, flags: {}, rest: [] });
    expect(parse(name, '--help')).toMatchObject({ command: name, flags: { help: true } });
    expect(parse(name, '-h', '-v')).toMatchObject({ command: name, flags: { help: true, version: true } });
  });

  test('knows the check under both its names', () => {
    for (const argv of [
      ['check', '--json'],
      ['--check', '--json'],
      ['--json', '--check'],
      ['check', '--check', '--json'],
    ]) {
      expect(parse(...argv)).toEqual({ command: 'check', flags: { json: true }, rest: [] });
    }
    expect(parse('--check', '--skip-database').flags).toEqual({ 'skip-database': true });
  });

  test.each(COMMANDS.map(({ name }) => name))('reads `help %s` as `%s --help`', (name) => {
    expect(parseArguments(['help', name])).toEqual(parseArguments([name, '--help']));
  });

  test('reads `help` as --help of no command', () => {
    expect(parseArguments(['help'])).toEqual(parseArguments(['--help']));
    expect(parseArguments(['help', 'help'])).toEqual(parseArguments(['--help']));
    expect(parseArguments(['help']).isNamed).toBe(false);
    expect(parseArguments(['help', 'start']).isNamed).toBe(true);
    expect(parseArguments(['help', '--check'])).toMatchObject({ command: { name: 'check' }, isNamed: true });
  });

  test('hands what follows -- to the server, flags too', () => {
    expect(parse('start', '--', '--port', '1', '--')).toMatchObject({ rest: ['--port', '1', '--'] });
    expect(parse('--', '--check')).toMatchObject({ command: 'start', rest: ['--check'] });
  });

  test('reads the name of a migration, whatever it looks like', () => {
    expect(parse('resolve', '--applied', '0001_a b.sql').flags).toEqual({ applied: '0001_a b.sql' });
    expect(parse('resolve', '--rolled-back=0001_init').flags).toEqual({ 'rolled-back': '0001_init' });
  });

  test.each([
    ['stat', 'start'],
    ['migrations', 'migrate'],
    ['Check', 'check'],
    ['statsu', 'status'],
    ['health', 'healthcheck'],
    ['reslove', 'resolve'],
    ['hepl', 'help'],
  ])('names the nearest right command for %s', (wrong, right) => {
    expect(refuse(wrong)).toMatchObject({ got: `\`${wrong}\``, hint: `Did you mean ${right}?` });
  });

  test.each([
    [['check', '--jsno'], '--json'],
    [['--check', '--skip-db'], '--skip-database'],
    [['seed', '--froce'], '--force'],
    [['resolve', '--roled-back', 'x'], '--rolled-back'],
    [['--hlep'], '--help'],
    [['-help'], '--help'],
    [['--chekc'], '--check'],
    [['-check'], '--check'],
    [['--chekc', '--json'], '--check'],
    [['--migrat'], 'migrate'],
    [['--statsu=x'], 'status'],
  ])('names the nearest right flag for %j', (argv, right) => {
    expect(refuse(...argv)?.hint).toBe(`Did you mean ${right}?`);
  });

  test('does not guess at what is near to nothing', () => {
    expect(refuse('frobnicate')?.hint).toBe('See --help.');
    expect(refuse('--frobnicate')?.hint).toBe('See --help.');
  });

  test.each([
    [['help', 'migrate', 'now'], 'an argument of no command'],
    [['help', '--migrate'], 'a command spelt as a flag'],
    [['start', 'now'], 'an argument of no command'],
    [['migrate', '--check'], 'a flag of another command'],
    [['start', '--json'], 'a flag of another command'],
    [['-x'], 'a short flag'],
    [['resolve', '--applied'], 'a flag without its value'],
    [['resolve', '--applied', '--rolled-back', 'x'], 'a flag in the place of a value'],
    [['seed', '--force=yes'], 'a value for a switch'],
    [[''], 'an empty argument'],
    [['check', ''], 'an empty argument'],
  ])('refuses %j: %s', (argv) => {
    expect(refuse(...argv)).toMatchObject({ what: expect.any(String), hint: expect.any(String) });
  });
});

describe('helpText', () => {
  const texts = [undefined, ...COMMANDS].map(helpText);

  test('fits a terminal of 80 columns', () => {
    const lines = texts.flatMap((text) => text.split('\n'));
    expect(lines.filter((line) => line.length > 80 || line !== line.trimEnd())).toEqual([]);
  });

  test('shows every command with what it does', () => {
    const words = helpText(undefined).replace(/\s+/g, ' ');
    for (const { name, summary } of COMMANDS) expect(words).toContain(` ${name} ${summary}`);
    for (const flag of ['--check', '--help', '--version']) expect(words).toContain(` ${flag} `);
  });

  test('of a command shows each of its flags with what it does', () => {
    for (const command of COMMANDS) {
      const words = helpText(command).replace(/\s+/g, ' ');
      expect(words).toContain(command.summary);
      for (const [flag, { summary }] of Object.entries<Flag>(command.flags)) {
        expect(words).toMatch(new RegExp(`--${flag}( [A-Z]+)? ${summary}`));
        expect(command.usage).toContain(`--${flag}`);
      }
    }
  });
});
