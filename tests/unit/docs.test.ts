import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../entrypoint/commands/index.ts';
import { VARIABLES, type Variable } from '../../entrypoint/config/variables.ts';
import { ERROR_CODES, EXIT_STATUS } from '../../entrypoint/core/errors.ts';
import { EVENTS, FIELDS } from '../../entrypoint/core/events.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** The cells of the table in a generated region, without the back quotes of code. */
function tableIn(path: string, region: string): string[][] {
  const body = new RegExp(`<!-- generated:${region} -->([\\s\\S]*?)<!-- /generated -->`).exec(
    read(path),
  )?.[1];
  const rows = (body ?? '').trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .slice(2, -2)
      .split(/(?<!\\) \| /)
      .map((cell) => cell.replace(/^`(.*)`$/, '$1').replaceAll('\\|', '|')),
  );
}

describe('docs/exit-codes.md', () => {
  test('has every exit status of the code, and no other', () => {
    const expected = Object.values(EXIT_STATUS).map(({ status, meaning }) => [String(status), meaning]);
    expect(tableIn('docs/exit-codes.md', 'exit-codes').map(([status, meaning]) => [status, meaning])).toEqual(
      expected,
    );
  });

  test('tells where restarting may help as the code does', () => {
    const helped = tableIn('docs/exit-codes.md', 'exit-codes').filter(
      ([, , again]) => again === 'restarting may help',
    );
    const again = Object.values(EXIT_STATUS).filter(({ retryable }) => retryable);
    expect(helped.map(([status]) => Number(status))).toEqual(again.map(({ status }) => status));
  });

  test('has every error code with its status, and no other', () => {
    const expected = Object.entries(ERROR_CODES).map(([code, name]) => [
      code,
      String(EXIT_STATUS[name].status),
    ]);
    expect(tableIn('docs/exit-codes.md', 'error-codes').map(([code, status]) => [code, status])).toEqual(
      expected,
    );
  });

  test('lists in its examples just the statuses that require manual action, or just those that do not', () => {
    const text = read('docs/exit-codes.md');
    const statuses = (retryable: boolean) =>
      Object.values(EXIT_STATUS)
        .filter((entry) => entry.status !== 0 && entry.retryable === retryable)
        .map(({ status }) => status);
    expect(/RestartPreventExitStatus=(.*)/.exec(text)?.[1]).toBe(statuses(false).join(' '));
    const lists = [...text.matchAll(/values: \[(.*)\]/g)].map((match) => match[1]);
    expect(lists).toEqual([statuses(false).join(', '), statuses(true).join(', ')]);
  });
});

describe('docs/configuration.md', () => {
  test('has every variable with its default and its description, and no other', () => {
    const expected = Object.entries(VARIABLES).map(([name, variable]: [string, Variable]) => [
      name,
      variable.default ?? '–',
      variable.description,
    ]);
    const actual = tableIn('docs/configuration.md', 'variables');
    expect(actual.map(([name, , fallback, description]) => [name, fallback, description])).toEqual(expected);
  });

  test('says of each secret that it is one', () => {
    const secret = Object.entries(VARIABLES).filter(([, variable]: [string, Variable]) => variable.secret);
    const said = tableIn('docs/configuration.md', 'variables').filter(([, expected]) =>
      expected?.includes('(secret)'),
    );
    expect(said.map(([name]) => name)).toEqual(secret.map(([name]) => name));
  });
});

test('`npm run docs` would change nothing', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/generate-docs.mjs', '--check'], {
    cwd: root,
  });
  expect(stdout).toBe('');
});

test('every error code is one that the code throws', () => {
  const folder = join(root, 'entrypoint');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const source = files
    .filter((name) => name !== 'core/errors.ts')
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const unused = Object.keys(ERROR_CODES).filter(
    (code) => !source.some((text) => text.includes(`'${code}'`)),
  );
  expect(unused).toEqual([]);
});

describe.each(['README.md', 'README.es.md'])('%s', (name) => {
  test.skipIf(!existsSync(join(root, name)))(
    'shows every command, every exit status and the way to all variables',
    () => {
      const text = read(name);
      for (const command of COMMANDS) expect(text).toMatch(new RegExp(`\`[^\`]*\\b${command.name}\\b`));
      for (const { status } of Object.values(EXIT_STATUS))
        expect(text).toMatch(new RegExp(`\\b${status}\\b`));
      expect(text).toContain('configuration.md');
      expect(text).toContain('exit-codes.md');
    },
  );
});

describe('docs/logs.md', () => {
  test('has every event with its level and its fields, and no other', () => {
    const expected = Object.entries(EVENTS).map(([name, { level, fields }]: [string, LogEvent]) => [
      name,
      [level].flat().join(', '),
      fields?.join(', ') ?? '–',
    ]);
    const actual = tableIn('docs/logs.md', 'events').map(([name, level, , fields]) => [
      name,
      level,
      fields?.replaceAll('`', ''),
    ]);
    expect(actual).toEqual(expected);
  });

  test('lists events and fields that the code uses', () => {
    const folder = join(root, 'entrypoint');
    const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'core/events.ts')
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n');
    const unused = Object.keys(EVENTS).filter((name) => !text.includes(`'${name}'`));
    expect(unused).toEqual([]);
    const carried = new Set(Object.values(EVENTS).flatMap((event: LogEvent) => event.fields ?? []));
    const everywhere = ['time', 'level', 'msg', 'step', 'event'];
    expect(Object.keys(FIELDS).filter((name) => !carried.has(name) && !everywhere.includes(name))).toEqual(
      [],
    );
  });
});

type LogEvent = { readonly level: string | readonly string[]; readonly fields?: readonly string[] };
