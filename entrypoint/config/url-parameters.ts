import type { SettingProblem } from '../core/errors.ts';
import { nearest } from '../lib/nearest.ts';

/** What a parameter accepts: any text, one of these values, or nothing, with what to do instead. */
type Rule = 'text' | readonly string[] | { readonly instead: string };

const BEFORE_THE_HOST = {
  instead: 'Write it in the URL itself: postgresql://USER:PASSWORD@HOST:PORT/DATABASE.',
};
const BY_NODE = {
  instead: 'Set NODE_OPTIONS=--tls-min-v1.3 or --tls-max-v1.2 instead: it applies to the server too.',
};
const NOT_READ = {
  instead: 'Remove it: Zarpe does not support it, and ignoring it would make the connection less safe.',
};

/** The parameters that decide how we connect. One that adds protection is supported or refused, never ignored. */
const OURS = {
  schema: 'text',
  host: 'text',
  port: 'text',
  connect_timeout: 'text',
  application_name: 'text',
  options: 'text',
  pgbouncer: ['true', 'false'],
  sslmode: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
  sslrootcert: 'text',
  sslcert: 'text',
  sslkey: 'text',
  sslpassword: 'text',
  sslidentity: 'text',
  sslaccept: ['strict', 'accept_invalid_certs'],
  channel_binding: ['disable', 'prefer', 'require'],
  require_auth: 'text',
  sslnegotiation: ['postgres'],
  sslcertmode: ['allow'],
  gssencmode: ['disable', 'prefer'],
  // Makes node-postgres read sslmode as libpq does. Zarpe always does.
  uselibpqcompat: ['true'],
  ssl: {
    instead: 'Use sslmode=verify-full or sslmode=require: drivers disagree about which of them it means.',
  },
  ssl_min_protocol_version: BY_NODE,
  ssl_max_protocol_version: BY_NODE,
  sslcrl: NOT_READ,
  sslcrldir: NOT_READ,
  requirepeer: NOT_READ,
  hostaddr: { instead: 'Use the address as the host.' },
  user: BEFORE_THE_HOST,
  password: BEFORE_THE_HOST,
  dbname: BEFORE_THE_HOST,
  database: BEFORE_THE_HOST,
  passfile: { instead: 'Put the password in the URL, in DATABASE_PASSWORD or in DATABASE_PASSWORD_FILE.' },
  service: { instead: 'Put the settings of the service file in the URL.' },
  servicefile: { instead: 'Put the settings of the service file in the URL.' },
} as const satisfies Record<string, Rule>;

/** The parameters of Prisma, libpq, node-postgres, other drivers and providers that only concern the app. */
const OF_THE_APP = `
  connection_limit pool_timeout socket_timeout statement_cache_size max_connection_lifetime
  max_idle_connection_lifetime single_use_connections
  client_encoding fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count
  tcp_user_timeout replication target_session_attrs load_balance_hosts sslcompression sslsni krbsrvname gsslib
  gssdelegation min_protocol_version max_protocol_version
  statement_timeout query_timeout lock_timeout idle_in_transaction_session_timeout search_path timezone TimeZone
  max min idleTimeoutMillis connectionTimeoutMillis keepAlive keepAliveInitialDelayMillis enableChannelBinding
  prepare pool_mode supa workaround`
  .trim()
  .split(/\s+/);

/** Empty, for example because a variable in the URL was not set, these would silently weaken the connection. */
const PROTECTS = /^(?:ssl|channel_binding$|require_auth$)/;

export type ParameterName = keyof typeof OURS;

/** The first parameter that is unknown, repeated or malformed; the problem never repeats its value. */
export function findParameterProblem(what: string, url: URL): SettingProblem | undefined {
  const problem = (expected: string, got: string, hint: string) => ({
    what,
    expected,
    got,
    hint,
  });
  if (url.hash !== '') {
    return problem('parameters without a #', 'a #, which ends the parameters', 'Write # as %23.');
  }
  if (url.search.slice(1).includes('?')) {
    return problem(
      'one ? before the parameters',
      'several',
      'Separate parameters with &, and write ? in a value as %3F.',
    );
  }
  for (const name of url.searchParams.keys()) {
    const values = url.searchParams.getAll(name);
    if (values.length > 1) {
      return problem(`${printable(name)} once`, `it ${values.length} times`, 'Remove the duplicates.');
    }
    const rule = ruleOf(name);
    const value = values[0] ?? '';
    if (rule === undefined) return unknown(what, name);
    if (value === '' && PROTECTS.test(name))
      return problem(`a value for ${name}`, 'an empty one', 'Set it, or remove it.');
    if (rule === 'text' || value === '') continue;
    if ('instead' in rule) return problem(`no parameter ${name}`, 'one', rule.instead);
    if (!rule.includes(value)) {
      const hint = `Fix the ${name} parameter.`;
      return problem(
        `${name} to be ${rule.length > 1 ? 'one of ' : ''}${rule.join(', ')}`,
        'another value',
        hint,
      );
    }
  }
  return undefined;
}

function ruleOf(name: string): Rule | undefined {
  if (Object.hasOwn(OURS, name)) return OURS[name as ParameterName];
  return OF_THE_APP.includes(name) ? 'text' : undefined;
}

function unknown(what: string, name: string): SettingProblem {
  const suggestion = nearest(name.replace(/^amp;/, '').toLowerCase(), [...Object.keys(OURS), ...OF_THE_APP]);
  return {
    what,
    expected: 'parameters that Zarpe, Prisma, libpq or node-postgres knows',
    got: printable(name),
    hint:
      suggestion === undefined
        ? 'Remove it, or pass it to the app in another variable.'
        : `Did you mean ${suggestion}?`,
  };
}

/** A malformed name may be a piece of a secret. */
function printable(name: string): string {
  return /^[\w.;-]{1,40}$/.test(name) ? `the parameter ${name}` : 'a parameter with a malformed name';
}
