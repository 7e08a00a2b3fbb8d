import { generateKeyPairSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLines } from '../../../entrypoint/lib/read-lines.ts';
import { Secrets } from '../../../entrypoint/lib/secrets.ts';

function redact(text: string, ...values: string[]): string {
  const secrets = new Secrets();
  for (const value of values) secrets.add(value);
  return secrets.redact(text);
}

describe('Secrets', () => {
  const secret = `pa"ss\\w@rd &% 'é'\n`;

  test.each([
    ['as it is', secret],
    ['in SQL', secret.replaceAll("'", "''")],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['percent-encoded', encodeURIComponent(secret)],
    [
      'percent-encoded in lower case',
      encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
    ],
    ['in a URL', encodeURI(secret)],
    ['as URL writes it', new URL(`postgresql://u:${encodeURIComponent(secret)}@h`).password],
    ['as a form writes it', new URLSearchParams({ a: secret }).toString().slice(2)],
    ['in Base64', Buffer.from(secret).toString('base64')],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in hexadecimal of capitals', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('are removed %s', (_, form) => {
    expect(redact(`before ${form} after`, secret)).toBe('before [redacted] after');
  });

  test('are removed whole where one holds another', () => {
    expect(redact('the-long-secret and long', 'long', 'the-long-secret')).toBe('[redacted] and [redacted]');
  });

  test('are removed where a line of a child was cut within one', () => {
    const shown = (text: string) => {
      const stream = Readable.from([`${text}\n`]);
      return new Promise<string>((resolve) => readLines(stream, resolve));
    };
    const long = 'kx7-Qw93-long-secret-of-a-service';
    return Promise.all(
      [long.repeat(4000), `${'x '.repeat(32_750)}${long}`].map(async (text) => {
        const clean = redact(await shown(text), long);
        expect(clean).toMatch(/\[redacted\]$/);
        expect(clean).not.toContain('kx7');
      }),
    );
  });

  test('are removed whole where two overlap', () => {
    expect(redact('a one-two-three b', 'one-two', 'two-three')).toBe('a [redacted] b');
    expect(redact('a://b:c@d,first@second', 'first@second')).toBe('a://b:[redacted]');
  });

  test('are removed from URLs though nobody knew the password', () => {
    expect(redact('cannot reach redis://user:un@known/@cache:6379/0, sorry')).toBe(
      'cannot reach redis://user:[redacted]@cache:6379/0, sorry',
    );
    expect(redact('two: a://b:c@d e://f:g@h')).toBe('two: a://b:[redacted]@d e://f:[redacted]@h');
  });

  test('leave a text alone that holds none', () => {
    const text = 'PostgreSQL 18.1 at db:5432/main, http://localhost:3000/a, at 10:30';
    expect(redact(text, 'a secret')).toBe(text);
  });

  test('leave JSON what it was, whatever they are', () => {
    const line = { level: 30, pid: 4711, ok: true, list: ['a 4711 b', null], retry: { ok: 'true' } };
    const secrets = new Secrets();
    for (const value of ['4711', 'true', '"ok":', 'null', '},{', '":"']) secrets.add(value);
    expect(JSON.parse(secrets.stringify(line))).toEqual({
      ...line,
      list: ['a [redacted] b', null],
      retry: { ok: '[redacted]' },
    });
  });

  test('are found in JSON that is a text in JSON', () => {
    const secrets = new Secrets();
    secrets.add(secret);
    const line = { msg: JSON.stringify({ password: secret }) };
    expect(secrets.stringify(line)).toBe('{"msg":"{\\"password\\":\\"[redacted]\\"}"}');
  });

  test('that are too short to be told from words are left', () => {
    expect(redact('app app app', 'app')).toBe('app app app');
  });

  test.each([
    ['users', 'prisma/migrations/0001_users', 'the password is users.', 'the password is [redacted].'],
    ['shop', 'workshop, shopping, shop2', '"shop"', '"[redacted]"'],
    ['Sunshine', 'ASunshine sunshines', 'a=Sunshine&b', 'a=[redacted]&b'],
    ['give-a-role', 'forgive-a-role', 'give-a-role', '[redacted]'],
    ['10203040', 'id 1020304050', 'pin:10203040', 'pin:[redacted]'],
    ['ñandú', 'ñandúes', '«ñandú»', '«[redacted]»'],
  ])('that are words, such as %s, are not taken out of other words', (word, other, alone, clean) => {
    expect(redact(other, word)).toBe(other);
    expect(redact(alone, word)).toBe(clean);
  });

  test('are never in what comes out, wherever they were put', () => {
    const value = fc
      .string({ unit: 'grapheme', minLength: 17, maxLength: 200 })
      .filter((text) => text.trim().length > 16);
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (hidden, before, after) => {
        const clean = redact(before + hidden + after, hidden);
        expect(clean.split('[redacted]').join('')).not.toContain(hidden.trim());
      }),
      { numRuns: 500 },
    );
  });

  /** A search that goes back would take minutes for each, and the test's time would be over. */
  test.each([
    ['the beginning of a secret', 'a'],
    ['URLs without a password', 'a://b:'],
    ['URLs with a password', 'a://b:c@'],
    ['what may be a scheme', 'a.'],
    ['colons and slashes', '://'],
    ['a word that is a secret', 'users '],
    ['lines of a key', 'MIIEvQ'],
    ['spaces', ' '],
  ])('are looked for in time linear to the text: 512 kB of %s', (_, text) => {
    const key = Array.from({ length: 30 }, (__, line) => `${'MIIEvQ'.repeat(10)}${line}+/=`).join('\n');
    const clean = redact(
      text.repeat(2 ** 19 / text.length),
      `${'a'.repeat(300)}b`,
      key,
      'users',
      `${' '.repeat(99)}x`,
    );
    expect(clean).not.toMatch('users ');
  });

  test('are found as a search for one after the other finds them', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 17, maxLength: 21 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 300 });
    fc.assert(
      fc.property(
        fc.array(pattern, { minLength: 1, maxLength: 12 }),
        text,
        fc.nat(280),
        (hidden, around, at) => {
          const given = around.slice(0, at) + hidden.join('') + around.slice(at);
          const covered = new Set<number>();
          for (const value of hidden) {
            for (let from = given.indexOf(value); from !== -1; from = given.indexOf(value, from + 1)) {
              for (let index = from; index < from + value.length; index += 1) covered.add(index);
            }
          }
          const left = [...given].map((character, index) => (covered.has(index) ? '*' : character)).join('');
          expect(redact(given, ...hidden).replaceAll('[redacted]', '*')).toBe(left.replaceAll(/\*+/g, '*'));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('A secret of several lines', () => {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const lines = privateKey.trim().split('\n');

  test.each([
    ['with line breaks', privateKey],
    ['with CRLF', privateKey.replaceAll('\n', '\r\n')],
    ['with \\n for a line break', privateKey.replaceAll('\n', '\\n')],
  ])('is removed whole and line by line, given %s', (_, given) => {
    const joined = lines.slice(1, -1).join('');
    for (const printed of [
      given,
      privateKey,
      privateKey.trim(),
      privateKey.replaceAll('\n', '\\n'),
      joined,
    ]) {
      const clean = redact(`key: ${printed} end`, given);
      for (const line of lines) expect(clean).not.toContain(line);
    }
    expect(lines.map((line) => redact(`${line} (a line)`, given))).toEqual(
      lines.map(() => '[redacted] (a line)'),
    );
    expect(redact(`a ${given.trim()} b`, given)).toBe('a [redacted] b');
  });

  test('is removed as others encode it', () => {
    for (const printed of [
      JSON.stringify(privateKey),
      inspect({ privateKey }),
      encodeURIComponent(privateKey),
      Buffer.from(privateKey).toString('base64'),
    ]) {
      const clean = redact(printed, privateKey);
      expect(
        lines.filter((line) => clean.includes(line) || clean.includes(encodeURIComponent(line))),
      ).toEqual([]);
      expect(clean).not.toContain(printed.slice(100, 140));
    }
  });

  test('is removed item by item where it is a list', () => {
    const [first, second] = ['sk1_9f8a7b6c5d4e', 'sk2_1a2b3c4d5e6f'];
    expect(redact(`old ${second}, new ${first}`, `${first},${second}`)).toBe(
      'old [redacted], new [redacted]',
    );
  });
});

describe('The passwords of URLs', () => {
  test.each([
    'postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    'Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.',
    'http://localhost:3000/a is not a@b',
    'see https://example.org/@scope/package',
  ])('are not seen where there is none: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  test('are removed from each URL of a text', () => {
    expect(redact('["redis://:one@a","amqp://u:two@b/c"] x://y and http+unix://u:three@d')).toBe(
      '["redis://:[redacted]@a","amqp://u:[redacted]@b/c"] x://y and http+unix://u:[redacted]@d',
    );
    expect(redact('a://b:c@d e://f:g@h')).toBe('a://b:[redacted]@d e://f:[redacted]@h');
  });
});
