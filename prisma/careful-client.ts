import { Client, type ClientConfig } from 'pg';

/** node-postgres's names of what a server may ask, and libpq's. */
const REQUESTS = {
  authenticationCleartextPassword: 'password',
  authenticationMD5Password: 'md5',
  authenticationSASL: 'scram-sha-256',
} as const;

/**
 * A client that answers only what `require_auth` admits, goes on only with channel binding where `channel_binding` is
 * `require`, ends SCRAM only with the server's proof, sends no password in the clear, and none after the login.
 * node-postgres answers whatever it is asked, at any time.
 */
export function carefulClient(requireAuth = '', channelBinding = 'prefer') {
  const methods = requireAuth
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
  const binds = channelBinding === 'require';
  const admits = (method: string) =>
    methods.length === 0 ||
    methods.includes(method) ||
    (methods.every((item) => item.startsWith('!')) && !methods.includes(`!${method}`));

  return class CarefulClient extends Client {
    constructor(config?: ClientConfig) {
      super(config);
      let asked: string | undefined;
      let isProved = false;
      let isLoggedIn = false;
      // node-postgres writes nothing to a connection that is gone.
      const refuse = (why: string) => this.connection.stream.destroy(new Error(`The server ${why}.`));
      const judge = (method: string, mechanisms: readonly string[]) => {
        if (isLoggedIn) refuse('asks for the password again after the login');
        asked = method;
        if (!admits(method)) refuse(`asks for ${method}, which require_auth does not admit`);
        if (binds && !mechanisms.includes('SCRAM-SHA-256-PLUS'))
          refuse('does not offer the channel binding that channel_binding=require demands');
        const isReadable = !('encrypted' in this.connection.stream) && !this.host.startsWith('/');
        if (method === 'password' && isReadable && !methods.includes(method)) {
          refuse('asks for the password in the clear, over a connection without TLS');
        }
      };
      for (const [event, method] of Object.entries(REQUESTS)) {
        this.connection.on(event, ({ mechanisms = [] }: { mechanisms?: string[] }) =>
          judge(method, mechanisms),
        );
      }
      this.connection.on('authenticationSASLFinal', () => {
        isProved = true;
      });
      this.connection.on('authenticationOk', () => {
        if (asked === undefined) judge('none', []);
        else if (asked === 'scram-sha-256' && !isProved) refuse('has not proved that it knows the password');
        isLoggedIn = true;
      });
    }
  };
}
