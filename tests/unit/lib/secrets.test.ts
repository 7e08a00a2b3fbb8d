import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
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
  ])('are removed %s', (_, form) => {
    expect(redact(`before ${form} after`, secret)).toBe('before [redacted] after');
  });

  test('are removed whole where one holds another', () => {
    expect(redact('the-long-secret and long', 'long', 'the-long-secret')).toBe('[redacted] and [redacted]');
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

  test('are never in what comes out, wherever they were put', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 4, maxLength: 20 });
    fc.assert(
      fc.property(value, fc.string(), fc.string(), (hidden, before, after) => {
        const clean = redact(before + hidden + after, hidden);
        expect(clean.split('[redacted]').join('')).not.toContain(hidden);
      }),
    );
  });
});
