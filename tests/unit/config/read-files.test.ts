import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveEnvironment } from '../../../entrypoint/config/environment.ts';
import { readFiles } from '../../../entrypoint/config/read-files.ts';
import { VARIABLE_NAMES } from '../../../entrypoint/config/variables.ts';
import { readConfig } from '../../../entrypoint/config.ts';
import type { SettingProblem } from '../../../entrypoint/core/errors.ts';
import { problemsOf } from '../../helpers/problems.ts';

const URL = 'postgresql://app:secret-password@db/app';
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'zarpe-files-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(content: string | Buffer): string {
  const path = join(dir, `secret-${content.length}-${Math.random().toString(36).slice(2)}`);
  writeFileSync(path, content);
  return path;
}

function read(env: Record<string, string>, known = ['NAME', 'OTHER']) {
  const problems: SettingProblem[] = [];
  const notices: string[] = [];
  return { values: readFiles(env, new Set(known), problems, notices), problems, notices };
}

describe('NAME_FILE', () => {
  test('gives NAME the content of the file', () => {
    expect(read({ NAME_FILE: file('the value'), OTHER: 'x' })).toEqual({
      values: { NAME: 'the value' },
      problems: [],
      notices: [],
    });
  });

  test.each([
    ['value\n', 'value'],
    ['value\r\n', 'value'],
    [' value ', ' value '],
    ['two\nlines\n', 'two\nlines'],
  ])('reads %j as %j: one trailing line break is not part of it', (content, value) => {
    expect(read({ NAME_FILE: file(content) }).values).toEqual({ NAME: value });
  });

  const SECRET = 'pässword-not-to-be-printed';
  const utf16 = Buffer.from(SECRET, 'utf16le');

  test.each([
    ['UTF-16 with its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), /UTF-16/],
    [
      'UTF-16 with its mark, the other way round',
      Buffer.concat([Buffer.from([0xfe, 0xff]), utf16.swap16()]),
      /UTF-16/,
    ],
    ['UTF-16 without a mark', Buffer.from(SECRET, 'utf16le'), /NUL at byte 1 /],
    ['a NUL at its end', Buffer.from(`${SECRET}\0`), /NUL at byte 27 /],
    ['Latin-1', Buffer.from(SECRET, 'latin1'), /not UTF-8 at byte 1 /],
    ['a character that is cut off', Buffer.from(`${SECRET}€`).subarray(0, -1), /not UTF-8 at byte 27 /],
    ['two line breaks at its end', Buffer.from(`${SECRET}\n\n`), /more than one line break/],
    ['two line breaks of Windows at its end', Buffer.from(`${SECRET}\r\n\r\n`), /more than one line break/],
    ['a lone carriage return at its end', Buffer.from(`${SECRET}\r`), /line break/],
    ['64 kB and a byte', Buffer.alloc(64 * 1024 + 1, SECRET), /more than 65536 bytes/],
  ])('of %s is a problem that names the file, never the value', (_, content, got) => {
    const path = file(content);
    const { values, problems, notices } = read({ NAME_FILE: path });
    expect(values).toEqual({});
    expect(notices).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ what: 'NAME_FILE', got: expect.stringMatching(got) });
    expect(problems[0]?.got).toContain(path);
    expect(JSON.stringify(problems)).not.toMatch(/not-to-be|n.o.t.-.t.o/);
  });

  test.each([
    ['a byte order mark', `\uFEFF${SECRET}`, ['a byte order mark']],
    ['CRLF', `${SECRET}\r\n`, ['CRLF']],
    ['both', `\uFEFF${SECRET}\r\n`, ['a byte order mark', 'CRLF']],
  ])('takes %s off, and says so', (_, content, removed) => {
    const path = file(content);
    const { values, problems, notices } = read({ NAME_FILE: path });
    expect({ values, problems }).toEqual({ values: { NAME: SECRET }, problems: [] });
    expect(notices).toHaveLength(1);
    for (const part of ['NAME_FILE', path, ...removed]) expect(notices[0]).toContain(part);
    expect(notices[0]).not.toContain('not-to-be');
  });

  test('takes off one byte order mark, not two', () => {
    expect(read({ NAME_FILE: file(`\uFEFF\uFEFF${SECRET}`) }).values).toEqual({ NAME: `\uFEFF${SECRET}` });
  });

  test('of an empty file leaves the name unset', () => {
    expect(read({ NAME_FILE: file('\n') })).toEqual({ values: {}, problems: [], notices: [] });
  });

  test('cannot stand beside NAME', () => {
    const { problems } = read({ NAME_FILE: file('a'), NAME: 'b' });
    expect(problems).toMatchObject([
      { what: 'NAME_FILE', expected: 'either NAME or NAME_FILE', got: 'both', hint: 'Remove one of them.' },
    ]);
  });

  test('may stand beside an empty NAME', () => {
    expect(read({ NAME_FILE: file('a'), NAME: '' })).toEqual({
      values: { NAME: 'a' },
      problems: [],
      notices: [],
    });
  });

  test('that cannot be read is a problem that names the file and the reason', () => {
    const { problems } = read({ NAME_FILE: join(dir, 'absent'), OTHER_FILE: dir });
    expect(problems).toMatchObject([
      { what: 'NAME_FILE', got: `no such file or directory (ENOENT) at ${join(dir, 'absent')}` },
      { what: 'OTHER_FILE', got: `a folder at ${dir}` },
    ]);
  });

  test('of a name that nobody knows is not read', () => {
    const env = { UNKNOWN_FILE: file('a value'), SSL_CERT_FILE: '/run/secrets/bundle.pem' };
    expect(read(env)).toEqual({ values: {}, problems: [], notices: [] });
  });

  test.each(VARIABLE_NAMES)('stands for %s', (name) => {
    const value = name.endsWith('_URL') ? URL : 'a value';
    expect(resolveEnvironment({ [`${name}_FILE`]: file(value) }).variables).toMatchObject({ [name]: value });
  });

  test('stands for what the app requires, and reaches the server', () => {
    const env = {
      DATABASE_URL_FILE: file(`${URL}\n`),
      ENTRYPOINT_REQUIRE_ENV: 'JWT_SECRET:32',
      JWT_SECRET_FILE: file(`${'j'.repeat(40)}\n`),
    };
    const { appEnv } = readConfig(resolveEnvironment(env), '/app');
    expect(appEnv).toMatchObject({ ...env, DATABASE_URL: URL, JWT_SECRET: 'j'.repeat(40) });
  });

  test('is reported as missing once, not as a file and as a variable', () => {
    const env = {
      DATABASE_URL: URL,
      ENTRYPOINT_REQUIRE_ENV: 'JWT_SECRET:32',
      JWT_SECRET_FILE: join(dir, 'no'),
    };
    const problems = problemsOf(() => readConfig(resolveEnvironment(env), '/app'), 'CONFIG_INVALID');
    expect(problems.map(({ what }) => what)).toEqual(['JWT_SECRET_FILE']);
  });

  test('that is misspelt is found', () => {
    const env = { DATABASE_URL: URL, ENTRYPOINT_SEED_COMAND_FILE: file('x') };
    const [problem] = problemsOf(() => readConfig(resolveEnvironment(env), '/app'), 'CONFIG_INVALID');
    expect(problem).toMatchObject({ what: 'ENTRYPOINT_SEED_COMAND_FILE' });
    expect(problem?.hint).toContain('ENTRYPOINT_SEED_COMMAND');
  });

  test('stands for ENTRYPOINT_REQUIRE_ENV too', () => {
    const env = { DATABASE_URL: URL, ENTRYPOINT_REQUIRE_ENV_FILE: file('JWT_SECRET:32') };
    const problems = problemsOf(() => readConfig(resolveEnvironment(env), '/app'), 'CONFIG_INVALID');
    expect(problems.map(({ what }) => what)).toEqual(['JWT_SECRET']);
  });
});
