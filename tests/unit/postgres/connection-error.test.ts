import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../../entrypoint/config/database-url.ts';
import { BootError } from '../../../entrypoint/core/errors.ts';
import { codeOf, messageOf } from '../../../entrypoint/lib/describe-error.ts';
import { classifyConnectionError } from '../../../entrypoint/postgres/connection-error.ts';
import type { AnyProblem } from '../../helpers/problems.ts';

function settings(parameters = '') {
  const parsed = parseDatabaseUrl('DIRECT_URL', `postgresql://app:hidden@db/main${parameters}`, '/app');
  if ('problem' in parsed) throw new Error(parsed.problem.got);
  return parsed.value;
}

const failure = (code: string, message = `it says ${code}`) => Object.assign(new Error(message), { code });
const classify = (error: unknown, parameters?: string) => {
  const { problem, ...rest } = classifyConnectionError(error, settings(parameters));
  return { ...rest, problem: problem as AnyProblem };
};

describe('a connection that failed', () => {
  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'ECONNRESET',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EPIPE',
    'ENOENT',
    '57P03',
    '57P01',
    '53300',
    '08006',
  ])('with %s passes by itself', (code) => {
    expect(classify(failure(code))).toMatchObject({
      passing: true,
      code: 'DATABASE_UNAVAILABLE',
      cause: code,
    });
  });

  test.each([
    ['28P01', 'DATABASE_ACCESS_REFUSED'],
    ['28000', 'DATABASE_ACCESS_REFUSED'],
    ['42501', 'DATABASE_ACCESS_REFUSED'],
    ['3D000', 'DATABASE_MISSING'],
    ['42601', 'DATABASE_ACCESS_REFUSED'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'DATABASE_TLS'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'DATABASE_TLS'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'DATABASE_TLS'],
    ['CERT_HAS_EXPIRED', 'DATABASE_TLS'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'DATABASE_TLS'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'DATABASE_TLS'],
    ['EPROTO', 'DATABASE_TLS'],
  ])('with %s takes a person (%s)', (code, kind) => {
    expect(classify(failure(code))).toMatchObject({ passing: false, code: kind, cause: code });
  });

  test('passes when the server hung up or said nothing, of which the driver gives no code', () => {
    for (const message of ['Connection terminated unexpectedly', 'timeout expired']) {
      expect(classify(new Error(message))).toMatchObject({ passing: true, cause: 'none', reason: message });
    }
  });

  test('passes when each of several addresses failed in a way that passes', () => {
    const error = Object.assign(
      new AggregateError([failure('ECONNREFUSED', 'a'), failure('ECONNREFUSED', 'b')]),
      {
        code: 'ECONNREFUSED',
      },
    );
    expect(classify(error)).toMatchObject({ passing: true, cause: 'ECONNREFUSED' });
  });

  test('tells what the server says it wants', () => {
    const wantsTls = failure('28000', 'no pg_hba.conf entry for host "10.0.0.1", no encryption');
    expect(classify(wantsTls)).toMatchObject({ passing: false, code: 'DATABASE_TLS' });
    const noTls = classify(new Error('The server does not support SSL connections'), '?sslmode=require');
    expect(noTls).toMatchObject({
      passing: false,
      code: 'DATABASE_TLS',
      problem: { got: 'a server without TLS' },
    });
    expect(noTls.problem.expected).toContain('sslmode=require');
  });

  test('keeps the failure of a certificate file as it is', () => {
    const problem = {
      what: 'sslcert in DIRECT_URL',
      expected: 'a readable file',
      got: 'ENOENT',
      hint: 'Mount it.',
    };
    expect(classify(new BootError('DATABASE_TLS', problem))).toMatchObject({
      passing: false,
      code: 'DATABASE_TLS',
      problem,
    });
  });

  test('is told with the variable, the address and the user, never the password', () => {
    for (const code of ['28P01', '28000', '3D000', 'ECONNREFUSED', 'CERT_HAS_EXPIRED', 'XX000']) {
      const { problem } = classify(failure(code));
      expect(problem.what).toBe('DIRECT_URL');
      expect(problem.expected).toContain('db:5432/main');
      expect(JSON.stringify(problem)).not.toContain('hidden');
    }
  });

  test('with a password that was never given says so', () => {
    const { problem } = classifyConnectionError(failure('28P01'), { ...settings(), password: undefined });
    expect(problem).toMatchObject({ got: 'none' });
  });
});

describe('codeOf and messageOf', () => {
  test('make something of whatever was thrown', () => {
    expect([codeOf(failure('X')), codeOf(new Error('x')), codeOf('x'), codeOf(undefined)]).toEqual([
      'X',
      'none',
      'none',
      'none',
    ]);
    expect(messageOf('x')).toBe('x');
    expect(messageOf(new AggregateError([new Error('a'), new Error('b')]))).toBe('a; b');
  });
});
