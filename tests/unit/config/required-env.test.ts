import { describe, expect, test } from 'vitest';
import { checkRequirement, parseRequirements } from '../../../entrypoint/config/required-env.ts';
import type { SettingProblem } from '../../../entrypoint/core/errors.ts';

function check(entry: string, value: string | undefined): SettingProblem | undefined {
  const problems: SettingProblem[] = [];
  const [required] = parseRequirements(entry, problems);
  expect(problems).toEqual([]);
  if (required === undefined) throw new Error(`nothing is required by ${entry}`);
  return checkRequirement(required, value);
}

describe('ENTRYPOINT_REQUIRE_ENV', () => {
  test('is a list of names, lengths and kinds', () => {
    const problems: SettingProblem[] = [];
    expect(parseRequirements('PLAIN, LONG:32 ,LINK:url,MAYBE?,MAYBE_LONG?:8,,', problems)).toEqual([
      { name: 'PLAIN', optional: false },
      { name: 'LONG', optional: false, minLength: 32 },
      { name: 'LINK', optional: false, kind: 'url' },
      { name: 'MAYBE', optional: true },
      { name: 'MAYBE_LONG', optional: true, minLength: 8 },
    ]);
    expect(problems).toEqual([]);
  });

  test.each([
    '1NAME',
    'A B',
    'NAME:',
    'NAME:uri',
    'NAME:32:url',
    'NAME=1',
    'NAME:-5',
    'NAME:toString',
    'NÄME',
  ])('does not take %j', (entry) => {
    const problems: SettingProblem[] = [];
    expect(parseRequirements(`GOOD,${entry}`, problems)).toEqual([{ name: 'GOOD', optional: false }]);
    expect(problems).toMatchObject([{ what: 'ENTRYPOINT_REQUIRE_ENV', got: `\`${entry}\`` }]);
  });
});

describe('a required variable', () => {
  test('that is missing is named, with what makes one', () => {
    expect(check('JWT_SECRET:32', undefined)).toEqual({
      what: 'JWT_SECRET',
      expected: 'at least 32 characters',
      got: 'nothing',
      hint: 'Set JWT_SECRET or JWT_SECRET_FILE: the app requires it. `openssl rand -base64 48` generates one.',
    });
    expect(check('ORIGIN', undefined)).toMatchObject({ expected: 'a value', got: 'nothing' });
  });

  test('that is optional may be missing, but not be wrong', () => {
    expect(check('ORIGIN?:url', undefined)).toBeUndefined();
    expect(check('ORIGIN?:url', 'nonsense')).toMatchObject({ what: 'ORIGIN' });
  });

  test('must be as long as asked, and its value is not told', () => {
    expect(check('JWT_SECRET:32', 'k'.repeat(31))).toMatchObject({ got: 'a 31-character value' });
    expect(check('JWT_SECRET:32', 'k'.repeat(32))).toBeUndefined();
    expect(JSON.stringify(check('JWT_SECRET:32', 'not-to-be-told'))).not.toContain('not-to-be-told');
  });

  test.each([
    [
      'url',
      ['https://example.org', 'http://localhost:3000/base'],
      ['example.org', '/base', 'ftp://a.b', 'https://'],
    ],
    ['port', ['1', '3000', '65535'], ['0', '65536', '-1', '80.5', '0x50', ' 80']],
    ['email', ['admin@example.org'], ['admin', 'admin@', '@example.org', 'a b@example.org']],
    ['int', ['0', '-5', '42'], ['4.2', '1e3', '', 'two']],
    ['bool', ['true', 'false', '1', '0'], ['yes', 'TRUE', '2']],
  ])('of the kind %s takes what is one, and nothing else', (kind, good, bad) => {
    for (const value of good) expect(check(`NAME:${kind}`, value), value).toBeUndefined();
    for (const value of bad) expect(check(`NAME:${kind}`, value), value).toMatchObject({ what: 'NAME' });
  });

  test.each([
    'changeme',
    'CHANGE_ME',
    'change-this-to-a-long-random-secret',
    'your-nextauth-secret-min-32-chars',
    'your_secret_here_your_secret_here',
    'Your secret goes in here, please do it',
    'replace-me-with-something-that-is-secret',
    'replace_with_openssl_rand_base64_32',
    '<your secret with at least 32 characters>',
    '[insert a secret of 32 characters here]',
    'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'super-secret-key-that-everybody-knows',
    'supersecretkeythateverybodyknows1234',
    'my-secret-that-is-longer-than-32-chars',
    'insert-secret-here-insert-secret-here',
    'TODO',
    'placeholder',
    'secret',
    'password',
  ])('does not take the placeholder %j', (value) => {
    expect(check('JWT_SECRET', value)).toMatchObject({ got: 'a placeholder' });
  });

  test.each([
    'Zk3vYq8mP1x0cB7nR5tW2sD9fG4hJ6kL',
    'yourselves-truly',
    'secretary',
    'exchange-me-not',
    'https://example.org/changeme',
  ])('takes %j, which only looks a little like one', (value) => {
    expect(check('NAME', value)).toBeUndefined();
  });
});
