import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { buildDatabaseUrl, type UrlParts } from '../../../entrypoint/config/build-database-url.ts';
import { sourceOfUrl } from '../../../entrypoint/config/connection-source.ts';
import { parseDatabaseUrl } from '../../../entrypoint/config/database-url.ts';
import type { ConnectionSettings } from '../../../entrypoint/postgres/connection-settings.ts';
import type { AnyProblem } from '../../helpers/problems.ts';

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

function parse(url: string): ConnectionSettings {
  const parsed = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app');
  if ('problem' in parsed) throw new Error(`refused: ${JSON.stringify(parsed.problem)}`);
  return parsed.value;
}

function refuse(url: string): AnyProblem {
  const parsed = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app');
  if ('value' in parsed) throw new Error(`taken: ${JSON.stringify(parsed.value)}`);
  return parsed.problem;
}

describe('a connection string built from parts', () => {
  const parts = {
    host: 'db',
    port: '5432',
    user: 'app',
    name: 'main',
    password: undefined,
    params: undefined,
  };
  const roundTrip = (given: Partial<UrlParts>) => parse(buildDatabaseUrl({ ...parts, ...given }));

  test('keeps a password of every printable character, alone and together', () => {
    for (const password of [...PRINTABLE, PRINTABLE.join(''), PRINTABLE.toReversed().join('')]) {
      expect(roundTrip({ password })).toMatchObject({ password, host: 'db', user: 'app', database: 'main' });
    }
  });

  test('keeps any user, password and database name', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 });
    // As a path of a URL these are steps through folders, percent-encoded or not.
    const database = name.filter((text) => !['.', '..'].includes(text));
    fc.assert(
      fc.property(name, name, database, (user, password, database) => {
        expect(roundTrip({ user, password, name: database })).toMatchObject({ user, password, database });
      }),
    );
  });

  test.each([
    ['db.internal', 'db.internal'],
    ['10.0.0.1', '10.0.0.1'],
    ['fd00::1', 'fd00::1'],
    ['[fd00::1]', 'fd00::1'],
    ['/var/run/postgresql', '/var/run/postgresql'],
  ])('takes the host %s', (host, expected) => {
    expect(roundTrip({ host })).toMatchObject({ host: expected, port: 5432 });
  });

  test('carries its parameters, with a ? before them or without', () => {
    for (const params of ['schema=a%20b&sslmode=require', '?schema=a%20b&sslmode=require']) {
      expect(roundTrip({ params })).toMatchObject({ schema: 'a b', tls: { mode: 'require' } });
    }
    expect(roundTrip({ host: '/run/pg', params: 'schema=app' })).toMatchObject({
      host: '/run/pg',
      schema: 'app',
    });
  });
});

describe('a connection string', () => {
  test('with everything left out that may be', () => {
    expect(parse('postgres://app@db/main')).toEqual({
      source: sourceOfUrl('DATABASE_URL'),
      host: 'db',
      port: 5432,
      user: 'app',
      password: undefined,
      database: 'main',
      schema: undefined,
      tls: {
        mode: 'prefer',
        rootCertFile: undefined,
        clientCertFile: undefined,
        clientKeyFile: undefined,
        identityFile: undefined,
        passphrase: undefined,
      },
      auth: { methods: undefined, cleartextPassword: false, bindsChannel: false },
      connectTimeoutMs: 5000,
      applicationName: undefined,
      options: undefined,
      pgbouncer: false,
    });
  });

  test('with a password of every printable character, encoded', () => {
    const password = PRINTABLE.join('');
    const encoded = encodeURIComponent(password);
    expect(parse(`postgresql://app:${encoded}@db/main`).password).toBe(password);
    const lowerCase = encoded.replace(/%../g, (byte) => byte.toLowerCase());
    expect(parse(`POSTGRESQL://app:${lowerCase}@db/main`).password).toBe(password);
  });

  test.each(['@', ':', '/', '?', '#', '%'])(
    'with an unencoded %s in its password is refused by name, and the password not told',
    (character) => {
      for (const password of [
        `hidden${character}word`,
        `${character}hidden`,
        `hidden${character}`,
        `1${character}hidden`,
      ]) {
        const problem = refuse(`postgresql://app:${password}@db:5432/main?schema=app`);
        expect(problem.got).toContain(`"${character}"`);
        expect(problem.hint).toContain(`${character} is ${encodeURIComponent(character)}`);
        expect(JSON.stringify(problem)).not.toContain('hidden');
      }
    },
  );

  test('with several unencoded characters names each', () => {
    const { got } = refuse('postgresql://app:a@b/c#d@db/main');
    expect(got).toBe('a password with an unencoded "@" and "/" and "#"');
  });

  test('is never read with another password, host or database than was meant', () => {
    const password = fc.string({ unit: fc.constantFrom(...PRINTABLE), minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(password, fc.constantFrom('', '?schema=app', '?options=b@c'), (raw, parameters) => {
        const parsed = parseDatabaseUrl(
          sourceOfUrl('DATABASE_URL'),
          `postgresql://app:${raw}@db:5432/main${parameters}`,
          '/',
        );
        if ('problem' in parsed) return;
        expect(parsed.value).toMatchObject({ user: 'app', host: 'db', port: 5432, database: 'main' });
        // A percent sign and two digits can only be taken at its word.
        expect(parsed.value.password).toBe(decodeURIComponent(raw));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['mysql://app:hidden@db/main', 'the scheme mysql:'],
    ['mongodb+srv://app:hidden@db/main', 'the scheme mongodb+srv:'],
    ['prisma://accelerate.example/?api_key=hidden', 'the scheme prisma:'],
    ['file:./hidden.db', 'the scheme file:'],
    ['host=db user=app password=hidden', 'a 32-character value without a scheme'],
    ['//app:hidden@db/main', 'a 20-character value without a scheme'],
  ])('%s is of another database kind', (url, got) => {
    const problem = refuse(url);
    expect(problem).toMatchObject({ what: 'DATABASE_URL', got });
    expect(JSON.stringify(problem)).not.toContain('hidden');
  });

  test.each([
    ['postgresql://app:hidden@db', 'a database name after the host'],
    ['postgresql://app:hidden@db/', 'a database name after the host'],
    ['postgresql://db/main', 'a user'],
    ['postgresql:///main', 'a host'],
    ['postgresql://app:hidden@/main', 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['postgresql://app:hidden@/main?host=', 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['postgresql://app:hidden@localhost/main?host=one,two', 'one host'],
    ['postgresql://app:hidden@db:port/main', 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['postgresql://app:hidden@db:70000/main', 'postgresql://USER:PASSWORD@HOST:PORT/DATABASE'],
    ['postgresql://app:hidden@one,two/main', 'one host'],
    ['postgresql://app:hidden@one:5432,two:5432/main', 'one host'],
    ['postgresql://a%zzb:hidden@db/main', 'a percent-encoded user'],
    ['postgresql://app:hidden@db/ma%in', 'a percent-encoded database name'],
    [
      'postgresql://app:hidden@db/main?sslmode=on',
      'sslmode to be one of disable, allow, prefer, require, verify-ca, verify-full',
    ],
    ['postgresql://app:hidden@db/main?connect_timeout=soon', 'connect_timeout in whole seconds'],
    ['postgresql://app:hidden@db/main?connect_timeout=-1', 'connect_timeout in whole seconds'],
    ['postgresql://app:hidden@localhost/main?host=/run&port=none', 'a port from 1 to 65535'],
  ])('%s lacks %s', (url, expected) => {
    const problem = refuse(url);
    expect(problem).toMatchObject({ what: 'DATABASE_URL', expected });
    expect(JSON.stringify(problem)).not.toContain('hidden');
  });

  test.each([
    ['postgresql://app:hidden@db/my main', 'a space', 'write it as %20'],
    ['postgresql://app:hidden@db/main ', 'a space', 'Remove it'],
    ['postgresql://app:hid den@db/main', 'a space', '%20'],
    ['postgresql://app:hidden@db/main?options=-c work_mem=1MB', 'a space', '%20'],
    ['postgresql://app:hidden@db/ma\tin', 'the character %09', '%09'],
    ['postgresql://app:hidden@db/main\n', 'the character %0A', '%0A'],
    ['postgresql://app:hidden@db/main\u00a0', 'the character %C2%A0', '%C2%A0'],
    ['postgresql://app:hidden@db/main?options=100%', 'a % that encodes nothing', '%25'],
    ['postgresql://app:hidden@db/main%00x', '%00', 'NUL'],
    ['postgresql://ap%00p:hidden@db/main', '%00', 'NUL'],
    ['postgresql://app:hidden%00@db/main', '%00', 'NUL'],
    ['postgresql://app:hidden@db/main?schema=a%00b', '%00', 'NUL'],
    ['postgresql://app:hidden@db/main?application_name=a%00b', '%00', 'NUL'],
    ['postgresql://app:hidden@db/main?options=%00', '%00', 'NUL'],
  ])('with what parsers disagree about is refused: %j', (url, got, hint) => {
    const problem = refuse(url);
    expect(problem).toMatchObject({ what: 'DATABASE_URL', got, hint: expect.stringContaining(hint) });
    expect(JSON.stringify(problem)).not.toContain('hidden');
  });

  test('means to node-postgres what it means to us, if it is accepted', () => {
    const piece = fc.constantFrom(
      'a',
      'B',
      '5',
      'é',
      '_',
      '-',
      '.',
      '~',
      '!',
      '*',
      ' ',
      '\t',
      '%',
      '%20',
      '%C3%A9',
      '%41',
      '%4a',
      '%00',
      '"',
      '\\',
      '|',
    );
    const word = fc.array(piece, { minLength: 1, maxLength: 5 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(word, word, word, word, (user, password, database, name) => {
        const url = `postgresql://${user}:${password}@db:5432/${database}?application_name=${name}`;
        const parsed = parseDatabaseUrl(sourceOfUrl('DATABASE_URL'), url, '/app');
        if ('problem' in parsed) return;
        const client = new pg.Client(url);
        const { connectionParameters } = client as unknown as Record<string, { application_name: string }>;
        expect({
          user: client.user,
          password: client.password,
          database: client.database,
          applicationName: connectionParameters?.application_name,
        }).toEqual({
          user: parsed.value.user,
          password: parsed.value.password,
          database: parsed.value.database,
          applicationName: parsed.value.applicationName,
        });
      }),
      { numRuns: 5000 },
    );
  });

  test('never makes anything but settings or a problem of a text', () => {
    const piece = fc.constantFrom(
      'postgresql:',
      '//',
      '@',
      ':',
      '/',
      '?',
      '#',
      '%',
      '[',
      ']',
      '&',
      '=',
      'a',
      '5',
      '\\',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const parsed = parseDatabaseUrl(
          sourceOfUrl('DATABASE_URL'),
          `postgresql://${pieces.join('')}`,
          '/app',
        );
        expect('value' in parsed || 'problem' in parsed).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('the parameters of Prisma', () => {
  const read = (parameters: string) => parse(`postgresql://app@db/main?${parameters}`);

  test('mean what they mean to Prisma', () => {
    expect(
      read(
        'schema=My%20App&connect_timeout=10&application_name=app&pgbouncer=true&options=-c%20statement_timeout%3D5s',
      ),
    ).toMatchObject({
      schema: 'My App',
      connectTimeoutMs: 10_000,
      applicationName: 'app',
      pgbouncer: true,
      options: '-c statement_timeout=5s',
    });
  });

  test('that are for its client alone are left to it', () => {
    expect(read('connection_limit=5&pool_timeout=10&socket_timeout=3&statement_cache_size=0')).toEqual(
      read(''),
    );
  });

  test('that are empty are unset', () => {
    expect(read('schema=&connect_timeout=&host=&options=')).toEqual(read(''));
  });

  test.each(['sslmode', 'sslrootcert', 'sslaccept', 'channel_binding', 'require_auth'])(
    'are not empty where that would be less protection than was meant: %s',
    (name) => {
      const parsed = parseDatabaseUrl(
        sourceOfUrl('DATABASE_URL'),
        `postgresql://u:p@h/d?schema=app&${name}=`,
        '/app',
      );
      expect(parsed).toMatchObject({ problem: { expected: `a value for ${name}`, got: 'an empty one' } });
    },
  );

  test('name a socket directory as the host', () => {
    expect(parse('postgresql://app@localhost/main?host=/run/postgresql&port=5433')).toMatchObject({
      host: '/run/postgresql',
      port: 5433,
    });
    for (const url of [
      'postgresql://app:p@/main?host=/run/pg',
      'postgres://app@/main?schema=a&host=%2Frun%2Fpg',
    ]) {
      expect(parse(url)).toMatchObject({ host: '/run/pg', user: 'app', database: 'main', port: 5432 });
      expect(new pg.Client(url)).toMatchObject({ host: '/run/pg', user: 'app', database: 'main' });
    }
    expect(parse('postgresql://app@%2Frun%2Fpostgresql/main')).toMatchObject({ host: '/run/postgresql' });
  });

  test('win over the port before them, as in libpq and node-postgres', () => {
    expect(parse('postgresql://app@db:5432/main?port=6432').port).toBe(6432);
  });

  test('say no limit with a connect_timeout of 0, which is a minute here', () => {
    expect(read('connect_timeout=0').connectTimeoutMs).toBe(60_000);
    expect(read('connect_timeout=99999999999').connectTimeoutMs).toBe(2_147_483_647);
  });
});

describe('sslmode', () => {
  const tls = (parameters: string) => parse(`postgresql://app@db/main?${parameters}`).tls;

  test.each([
    ['', 'prefer'],
    ['sslmode=disable', 'disable'],
    ['sslmode=allow', 'prefer'],
    ['sslmode=prefer', 'prefer'],
    ['sslmode=require', 'require'],
    ['sslmode=verify-ca&sslrootcert=ca.pem', 'verify-ca'],
    ['sslmode=verify-full', 'verify-full'],
    ['sslmode=require&sslaccept=strict', 'verify-full'],
    ['sslaccept=strict', 'verify-full'],
    ['sslmode=require&sslaccept=accept_invalid_certs', 'require'],
    ['sslmode=disable&sslaccept=strict', 'disable'],
    ['sslmode=verify-ca&sslaccept=strict&sslrootcert=ca.pem', 'verify-ca'],
    ['sslrootcert=system', 'verify-full'],
    ['sslmode=verify-full&sslrootcert=system', 'verify-full'],
    ['sslmode=require&sslrootcert=ca.pem', 'verify-ca'],
  ])('"%s" means %s', (parameters, mode) => {
    expect(tls(parameters).mode).toBe(mode);
  });

  test('finds certificates from the folder of the app', () => {
    expect(tls('sslrootcert=certs/ca.pem&sslcert=me.pem&sslkey=/keys/me.key')).toMatchObject({
      rootCertFile: '/app/certs/ca.pem',
      clientCertFile: '/app/me.pem',
      clientKeyFile: '/keys/me.key',
    });
  });

  test('takes sslcert for the authority where there is no key, as Prisma does', () => {
    expect(tls('sslcert=ca.pem&sslidentity=me.p12&sslpassword=p')).toMatchObject({
      rootCertFile: '/app/ca.pem',
      clientCertFile: undefined,
      identityFile: '/app/me.p12',
      passphrase: 'p',
    });
  });
});

describe('a parameter that would be ignored', () => {
  const refusal = (parameters: string) => refuse(`postgresql://app:hidden@db/main?${parameters}`);

  test.each([
    ['sslMode=verify-full', 'sslmode'],
    ['SSLMODE=require', 'sslmode'],
    ['sslmod=verify-full', 'sslmode'],
    ['ssl_mode=require', 'sslmode'],
    ['schema=app&amp;sslmode=require', 'sslmode'],
    ['sslrootcrt=ca.pem', 'sslrootcert'],
    ['sslacept=strict', 'sslaccept'],
    ['channelBinding=require', 'channel_binding'],
    ['pgBouncer=true', 'pgbouncer'],
    ['connectionLimit=5', 'connection_limit'],
    ['shema=app', 'schema'],
  ])('%s is refused with the name that was meant: %s', (parameters, meant) => {
    expect(refusal(parameters)).toMatchObject({ what: 'DATABASE_URL', hint: `Did you mean ${meant}?` });
  });

  test('is refused where no name is near', () => {
    expect(refusal('encrypted_with_quantum_keys=on')).toMatchObject({
      got: 'the parameter encrypted_with_quantum_keys',
      hint: expect.stringContaining('in another variable'),
    });
    expect(JSON.stringify(refusal('a%20hidden%20word=1'))).not.toContain('hidden word');
  });

  test.each([
    ['sslmode=disable&sslmode=verify-full', 'the parameter sslmode once'],
    ['schema=one&schema=two', 'the parameter schema once'],
    ['connection_limit=1&connection_limit=2', 'the parameter connection_limit once'],
    ['schema=app?sslmode=verify-full', 'one ? before the parameters'],
    ['schema=app#&sslmode=verify-full', 'parameters without a #'],
    ['sslmode=no-verify', 'sslmode to be one of disable, allow, prefer, require, verify-ca, verify-full'],
    ['sslaccept=Strict', 'sslaccept to be one of strict, accept_invalid_certs'],
    ['pgbouncer=1', 'pgbouncer to be one of true, false'],
    ['channel_binding=on', 'channel_binding to be one of disable, prefer, require'],
    ['sslnegotiation=direct', 'sslnegotiation to be postgres'],
    ['gssencmode=require', 'gssencmode to be one of disable, prefer'],
    ['uselibpqcompat=false', 'uselibpqcompat to be true'],
    ['ssl=true', 'no parameter ssl'],
    ['ssl=0', 'no parameter ssl'],
    ['ssl_min_protocol_version=TLSv1.3', 'no parameter ssl_min_protocol_version'],
    ['sslcrl=crl.pem', 'no parameter sslcrl'],
    ['requirepeer=postgres', 'no parameter requirepeer'],
    ['hostaddr=10.0.0.1', 'no parameter hostaddr'],
    ['user=other', 'no parameter user'],
    ['password=hidden', 'no parameter password'],
    ['dbname=other', 'no parameter dbname'],
    ['sslmode=verify-ca', 'sslrootcert with sslmode=verify-ca'],
    ['sslmode=require&sslrootcert=system', 'sslmode=verify-full with sslrootcert=system'],
    ['sslmode=verify-ca&sslrootcert=system', 'sslmode=verify-full with sslrootcert=system'],
    ['sslkey=me.key', 'sslcert with sslkey'],
    ['sslmode=disable&channel_binding=require', 'TLS with channel_binding=require'],
    ['require_auth=scram', /^require_auth to list some of password, md5,/],
    ['require_auth=md5,!password', /^require_auth to list some of/],
  ])('%s is refused: expected %s', (parameters, expected) => {
    const problem = refusal(parameters);
    expect(problem.expected).toMatch(expected);
    expect(problem.what).toBe('DATABASE_URL');
    expect(JSON.stringify(problem)).not.toContain('hidden');
  });

  test.each([
    // Neon, Supabase on Vercel, Vercel, RDS, DigitalOcean, Azure: URLs as their consoles give them.
    'sslmode=require&channel_binding=require',
    'sslmode=require&supa=base-pooler.x',
    'sslmode=require&pgbouncer=true&connect_timeout=15&connection_limit=1&workaround=supabase-pooler.vercel',
    'sslmode=verify-full&sslrootcert=/certs/rds.pem&target_session_attrs=read-write&keepalives_idle=30',
    'statement_timeout=5000&idle_in_transaction_session_timeout=1000&client_encoding=utf8&gssencmode=disable',
    'max_idle_connection_lifetime=300&single_use_connections=true&sslnegotiation=postgres&sslsni=1',
  ])('%s has none', (parameters) => {
    expect(parse(`postgresql://app@db/main?${parameters}`).host).toBe('db');
  });
});

describe('how the server may ask who we are', () => {
  const auth = (parameters: string) => parse(`postgresql://app@db/main?${parameters}`).auth;

  test('is what require_auth names, or all but what it names with a !', () => {
    expect(auth('require_auth=scram-sha-256').methods).toEqual(['scram-sha-256']);
    expect(auth('require_auth=md5,password').methods).toEqual(['md5', 'password']);
    expect(auth('require_auth=!password,!md5').methods).toEqual(['gss', 'sspi', 'scram-sha-256', 'none']);
    // In the clear by name only.
    expect(auth('require_auth=password').cleartextPassword).toBe(true);
    expect(auth('require_auth=!md5').cleartextPassword).toBe(false);
  });

  test('is bound to the channel where that is asked for', () => {
    expect(auth('channel_binding=require').bindsChannel).toBe(true);
    expect(auth('channel_binding=prefer').bindsChannel).toBe(false);
  });
});
