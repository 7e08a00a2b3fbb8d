import { BootError, type ErrorCode } from '../core/errors.ts';
import { type AuthMethod, type ConnectionSettings, describeTarget } from './connection-settings.ts';
import type { OpenSocket } from './open-socket.ts';
import { ProtocolError } from './protocol-error.ts';

/** @see https://www.postgresql.org/docs/current/protocol-message-formats.html */
const OK = 0;
const PASSWORD = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;
/** Which messages each may follow, and its length. SASL_FINAL proves that the server knows the password: OK needs it. */
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
 * Checks each authentication request of the server before the driver answers it: its place in the protocol, whether
 * we support its method, and whether the settings accept it.
 */
export class Authentication {
  readonly #settings: ConnectionSettings;
  readonly #encrypted: boolean;
  #last: number | undefined;

  constructor(settings: ConnectionSettings, { encrypted }: Pick<OpenSocket, 'encrypted'>) {
    this.#settings = settings;
    this.#encrypted = encrypted;
  }

  get isOver(): boolean {
    return this.#last === OK;
  }

  /** Takes the body of one message; throws if the driver must not answer it. */
  check(body: Buffer): void {
    const code = body.length < 4 ? -1 : body.readInt32BE(0);
    const previous = this.#last;
    const name = UNSUPPORTED[code];
    if (name !== undefined && previous === undefined) throw this.#unsupported(name);
    const shape = SHAPES[code];
    if (!shape?.after.includes(previous) || body.length !== (shape.length ?? body.length)) {
      throw new ProtocolError('an authentication message out of order');
    }
    this.#last = code;
    if (code === OK && previous === undefined) this.#accept('none');
    if (code === MD5) this.#accept('md5');
    if (code === PASSWORD) this.#acceptPassword();
    if (code === SASL) this.#acceptMechanisms(body.toString('latin1', 4).split('\0'));
  }

  #accept(method: AuthMethod): void {
    const { auth, source } = this.#settings;
    const requested = method === 'none' ? 'no authentication' : `${method} authentication`;
    if (auth.methods !== undefined && !auth.methods.includes(method)) {
      throw this.#refuse(
        'DATABASE_ACCESS_REFUSED',
        `the server requested ${requested}, but require_auth allows only ${auth.methods.join(', ')}`,
        `Change the method in pg_hba.conf, or require_auth in ${source.params}.`,
      );
    }
    if (auth.bindsChannel && method !== 'scram-sha-256')
      throw this.#unbound(`the server requested ${requested}`);
  }

  #acceptPassword(): void {
    this.#accept('password');
    const { host, auth, source } = this.#settings;
    if (this.#encrypted || host.startsWith('/') || auth.cleartextPassword) return;
    throw this.#refuse(
      'DATABASE_TLS',
      'the server requested the password in cleartext over a connection without TLS',
      `Set sslmode=require or stricter in ${source.params}, or use scram-sha-256 in pg_hba.conf. On a network you trust, require_auth=password in ${source.params} allows it.`,
    );
  }

  #acceptMechanisms(mechanisms: readonly string[]): void {
    const binds = mechanisms.includes('SCRAM-SHA-256-PLUS');
    if (!binds && !mechanisms.includes('SCRAM-SHA-256')) {
      const names = mechanisms.filter((name) => /^[\w-]+$/.test(name));
      throw this.#unsupported(`SASL ${names.length === 0 ? 'without a mechanism' : names.join(', ')}`);
    }
    this.#accept('scram-sha-256');
    if (this.#settings.auth.bindsChannel && !binds) {
      throw this.#unbound(
        this.#encrypted ? 'the server does not support it' : 'the connection does not use TLS',
      );
    }
  }

  #unsupported(name: string): BootError {
    return this.#refuse(
      'DATABASE_ACCESS_REFUSED',
      `the server requested ${name} authentication, which Zarpe and node-postgres do not support`,
      'Use scram-sha-256, md5 or cert for this role in pg_hba.conf.',
    );
  }

  #unbound(reason: string): BootError {
    return this.#refuse(
      'DATABASE_TLS',
      `channel_binding=require cannot be satisfied: ${reason}`,
      `Check whether a proxy terminates TLS between here and the server, or remove channel_binding from ${this.#settings.source.params}.`,
    );
  }

  #refuse(code: ErrorCode, reason: string, hint: string): BootError {
    return new BootError(code, {
      message: `Could not connect to ${describeTarget(this.#settings)}: ${reason}`,
      hint,
    });
  }
}
