import type { SettingProblem } from '../core/errors.ts';
import type { AppConnection } from '../postgres/driver-url.ts';

/** Modes of libpq's that ask for no more than Zarpe's default gives. */
const WEAK = ['disable', 'allow', 'prefer'];

/**
 * A problem where only PGSSLMODE protects a connection. libpq and node-postgres read it if the connection string has no
 * sslmode; Zarpe does not, and the connection string that it hands on has one.
 */
export function checkSslMode({ url, settings }: AppConnection, mode: string | undefined): SettingProblem[] {
  if (mode === undefined || WEAK.includes(mode)) return [];
  const isOpen = settings.tls.mode === 'prefer' && !settings.host.startsWith('/');
  if (!isOpen || /[?&]sslmode=/.test(url)) return [];
  return [
    {
      what: settings.source.params,
      expected: 'an sslmode, as PGSSLMODE is set, which Zarpe does not read',
      got: 'none',
      hint: `Add sslmode=${mode.startsWith('verify-') ? mode : 'require'} to ${settings.source.params}. Or remove PGSSLMODE: Zarpe then uses TLS if the server supports it, without verification.`,
    },
  ];
}
