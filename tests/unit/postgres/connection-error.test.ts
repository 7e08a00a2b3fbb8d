import { describe, expect, test } from 'vitest';
import { sourceOfUrl } from '../../../entrypoint/config/connection-source.ts';
import { parseDatabaseUrl } from '../../../entrypoint/config/database-url.ts';
import { BootError } from '../../../entrypoint/core/errors.ts';
import { codeOf, messageOf } from '../../../entrypoint/lib/describe-error.ts';
import { classifyConnectionError, toConnectionError } from '../../../entrypoint/postgres/connection-error.ts';

function settings() {
  const parsed = parseDatabaseUrl(sourceOfUrl('DIRECT_URL'), 'postgresql://app:hidden@db/main', '/app');
  if ('problem' in parsed) throw new Error(parsed.problem.got);
  return parsed.value;
}

const failure = (code: string, message = `it says ${code}`) => Object.assign(new Error(message), { code });
const classify = (error: unknown) => classifyConnectionError(error, settings());

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
  ])('with %s is retried', (code) => {
    expect(classify(failure(code))).toMatchObject({ retryable: true, code: 'DATABASE_UNAVAILABLE' });
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
  ])('with %s requires manual action (%s)', (code, kind) => {
    expect(classify(failure(code))).toMatchObject({ retryable: false, code: kind });
  });

  test.each([
    ['ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:5432', 'connection refused (ECONNREFUSED)'],
    ['ECONNRESET', 'read ECONNRESET', 'connection reset by peer (ECONNRESET)'],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND db', 'host name not found (ENOTFOUND)'],
    ['EAI_AGAIN', 'getaddrinfo EAI_AGAIN db', 'temporary failure in name resolution (EAI_AGAIN)'],
    ['ETIMEDOUT', 'connect ETIMEDOUT 10.0.0.1:5432', 'connection timed out (ETIMEDOUT)'],
    ['ETIMEDOUT', 'timed out: no answer within 5s', 'timed out: no answer within 5s (ETIMEDOUT)'],
    ['57P03', 'the database system is starting up', 'the database system is starting up (57P03)'],
    [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'self-signed certificate',
      'certificate verification failed: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)',
    ],
    [
      'EPROTO',
      '00A:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../record.c:1:',
      'TLS handshake failed: wrong version number (EPROTO)',
    ],
  ])('with %s is reported in the standard term, with the code: %s', (code, message, reason) => {
    expect(classify(failure(code, message)).reason).toBe(reason);
  });

  test.each([
    ['SASL authentication failed', 'DATABASE_ACCESS_REFUSED'],
    ['password authentication failed', 'DATABASE_ACCESS_REFUSED'],
    ['no such user: app', 'DATABASE_ACCESS_REFUSED'],
    ['no such database: main', 'DATABASE_MISSING'],
    ['server login failed: FATAL database "main" does not exist', 'DATABASE_MISSING'],
    ['unsupported startup parameter: options', 'POOLER_UNSUITABLE'],
    ['unsupported startup parameter in options: x', 'POOLER_UNSUITABLE'],
  ])('because PgBouncer says "%s" requires manual action (%s)', (message, kind) => {
    expect(classify(failure('08P01', message))).toMatchObject({ retryable: false, code: kind });
  });

  test.each([
    'no more connections allowed (max_client_conn)',
    'server login has been failing, try again later (server_login_retry)',
    'database "main" is disabled',
  ])('because PgBouncer says "%s" is retried', (message) => {
    expect(classify(failure('08P01', message))).toMatchObject({ retryable: true });
  });

  test('of which the driver gives no code, because the server closed it or never answered, is retried', () => {
    for (const message of ['Connection terminated unexpectedly', 'timeout expired']) {
      expect(classify(new Error(message))).toMatchObject({ retryable: true, reason: message });
    }
  });

  test('because the database allows no connections is retried; another one, an invalid one or a query is not', () => {
    const closed = (name: string) => `database "${name}" is not currently accepting connections`;
    expect(classify(failure('55000', closed('main')))).toMatchObject({
      retryable: true,
      code: 'DATABASE_UNAVAILABLE',
      hint: expect.stringContaining('`ALTER DATABASE "main" ALLOW_CONNECTIONS true`'),
    });
    for (const message of [closed('postgres'), 'cannot connect to invalid database "main"', 'not populated'])
      expect(classify(failure('55000', message))).toMatchObject({ retryable: false });
  });

  test('to each of several addresses is retried', () => {
    const refused = [failure('ECONNREFUSED', 'a'), failure('ECONNREFUSED', 'b')];
    const error = Object.assign(new AggregateError(refused), { code: 'ECONNREFUSED' });
    expect(classify(error)).toMatchObject({ retryable: true });
  });

  test('because the server requires TLS is a matter of TLS', () => {
    const requiresTls = failure('28000', 'no pg_hba.conf entry for host "10.0.0.1", no encryption');
    expect(classify(requiresTls)).toMatchObject({ retryable: false, code: 'DATABASE_TLS' });
  });

  test('because of an unreadable certificate file stays as it is', () => {
    const problem = { what: 'sslcert in DIRECT_URL', expected: 'a readable file', got: 'ENOENT', hint: '.' };
    const error = new BootError('DATABASE_TLS', problem);
    expect(toConnectionError(error, settings())).toBe(error);
  });

  test('is reported with the address, never with the password', () => {
    for (const code of ['28P01', '28000', '3D000', 'ECONNREFUSED', 'CERT_HAS_EXPIRED', 'XX000']) {
      const { message } = toConnectionError(failure(code), settings());
      expect(message).toMatch(/^Could not connect to db:5432\/main: /);
      expect(message).not.toContain('hidden');
    }
  });

  test('has a hint that names the variable to correct', () => {
    for (const code of ['28P01', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT']) {
      expect(classify(failure(code)).hint).toContain('DIRECT_URL');
    }
  });

  test('has a hint that names the variables of the parts where those are set', () => {
    const source = {
      ...sourceOfUrl('DATABASE_HOST'),
      port: 'DATABASE_PORT',
      password: 'DATABASE_PASSWORD_FILE',
    };
    const parts = { ...settings(), source: { ...source, params: 'DATABASE_ARGS' } };
    const hint = (code: string) => classifyConnectionError(failure(code), parts).hint;
    expect(hint('28P01')).toContain('Correct the password in DATABASE_PASSWORD_FILE.');
    expect(hint('ECONNREFUSED')).toContain('DATABASE_HOST and DATABASE_PORT are correct');
    expect(hint('ENOTFOUND')).toContain('Check the host name in DATABASE_HOST,');
    expect(hint('UNABLE_TO_GET_ISSUER_CERT')).toContain('sslrootcert=FILE in DATABASE_ARGS');
    const none = classifyConnectionError(failure('28P01'), { ...parts, password: undefined });
    expect(none).toMatchObject({
      reason: expect.stringContaining('DATABASE_PASSWORD_FILE is not set'),
      hint: 'Set DATABASE_PASSWORD_FILE.',
    });
  });

  test('without a password says that there is none', () => {
    const { reason } = classifyConnectionError(failure('28P01'), { ...settings(), password: undefined });
    expect(reason).toContain('DIRECT_URL has none');
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
