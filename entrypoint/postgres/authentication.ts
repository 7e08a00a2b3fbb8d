import { BootError, type ErrorCode } from '../core/errors.ts';
import { type AuthMethod, type ConnectionSettings, describeTarget } from './connection-settings.ts';
import { ProtocolError } from './protocol-error.ts';

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
const OK = 0;
const PASSWORD = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;
/** What each may come after, and how long it is. Without its last word a server has not proved to know the password. */
const SHAPES: Readonly<Record<number, { after: readonly (number | undefined)[]; length?: number }>> = {
  [OK]: { after: [undefined, PASSWORD, MD5, SASL_FINAL], length: 4 },
  [PASSWORD]: { after: [undefined], length: 4 },
  [MD5]: { after: [undefined], length: 8 },
  [SASL]: { after: [undefined] },
  [SASL_CONTINUE]: { after: [SASL] },
  [SASL_FINAL]: { after: [SASL_CONTINUE] },
};
const UNSUPPORTED: Readonly<Record<number, string>> = { 2: 'Kerberos V5', 6: 'SCM', 7: 'GSSAPI', 9: 'SSPI' };

/**
 * What the server asks before it lets us in, judged before the driver answers: in the order of the protocol, in a way
 * that we speak, and one that the settings accept.
 */
export class Authentication {
  readonly #settings: ConnectionSettings;
  readonly #encrypted: boolean;
  #last: number | undefined;

  constructor(settings: ConnectionSettings, encrypted: boolean) {
    this.#settings = settings;
    this.#encrypted = encrypted;
  }

  get isOver(): boolean {
    return this.#last === OK;
  }

  /** Takes the body of one message; throws where it must not be answered. */
  judge(body: Buffer): void {
    const code = body.length < 4 ? -1 : body.readInt32BE(0);
    const before = this.#last;
    const name = UNSUPPORTED[code];
    if (name !== undefined && before === undefined) throw this.#unsupported(name);
    const shape = SHAPES[code];
    if (!shape?.after.includes(before) || body.length !== (shape.length ?? body.length)) {
      throw new ProtocolError('an authentication message out of place');
    }
    this.#last = code;
    if (code === OK && before === undefined) this.#accept('none');
    if (code === MD5) this.#accept('md5');
    if (code === PASSWORD) this.#acceptPassword();
    if (code === SASL) this.#acceptMechanisms(body.toString('latin1', 4).split('\0'));
  }

  #accept(method: AuthMethod): void {
    const { methods, bindsChannel } = this.#settings.auth;
    const asked = method === 'none' ? 'no proof of who we are' : method;
    if (methods !== undefined && !methods.includes(method)) {
      const expected = `${this.#target} to ask for ${methods.join(' or ')}, as require_auth says`;
      const hint = 'Change the method in pg_hba.conf, or require_auth in the connection string.';
      throw this.#refuse('DATABASE_ACCESS_REFUSED', expected, asked, hint);
    }
    if (bindsChannel && method !== 'scram-sha-256') throw this.#unbound(asked);
  }

  #acceptPassword(): void {
    this.#accept('password');
    const { host, auth } = this.#settings;
    if (this.#encrypted || host.startsWith('/') || auth.inTheClear) return;
    throw this.#refuse(
      'DATABASE_TLS',
      `${this.#target} to ask for the password so that nobody in between can read it`,
      'a request for it in the clear, over a connection without TLS',
      'Use sslmode=require or stricter, or scram-sha-256 in pg_hba.conf. On a network you trust, require_auth=password in the connection string allows it.',
    );
  }

  #acceptMechanisms(mechanisms: readonly string[]): void {
    const binds = mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (!binds && !mechanisms.includes('SCRAM-SHA-256')) {
      throw this.#unsupported(
        mechanisms.filter((name) => /^[\w-]+$/.test(name)).join(', ') || 'no mechanism',
      );
    }
    this.#accept('scram-sha-256');
    if (this.#settings.auth.bindsChannel && !binds) {
      throw this.#unbound(this.#encrypted ? 'SCRAM-SHA-256 without it' : 'a connection without TLS');
    }
  }

  #unsupported(name: string): BootError {
    return this.#refuse(
      'DATABASE_ACCESS_REFUSED',
      `${this.#target} to ask for a password (SCRAM-SHA-256, MD5) or a certificate`,
      name,
      'Zarpe and node-postgres do not support it: give the role another method in pg_hba.conf.',
    );
  }

  #unbound(got: string): BootError {
    return this.#refuse(
      'DATABASE_TLS',
      `channel binding with ${this.#target}, as channel_binding=require demands`,
      got,
      'Something in between may end TLS. Look at it, or remove channel_binding from the connection string.',
    );
  }

  get #target(): string {
    return describeTarget(this.#settings);
  }

  #refuse(code: ErrorCode, expected: string, got: string, hint: string): BootError {
    return new BootError(code, { what: this.#settings.source, expected, got, hint });
  }
}
