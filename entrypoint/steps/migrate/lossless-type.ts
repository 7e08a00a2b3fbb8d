interface ColumnType {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly isArray: boolean;
}

type Keeps = (from: ColumnType, to: ColumnType) => boolean;

const TYPE =
  /^(?<name>[a-z]+(?:[ .][a-z]+)*?)(?: ?\( ?(?<size>\d+)(?: ?, ?(?<scale>\d+))? ?\))?(?<zone> with(?:out)? time zone)?(?<array>(?: ?\[ ?\])?)$/;
/** The names of Prisma's engine, beside those of `format_type`. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ smallserial: 'smallint', serial: 'integer', bigserial: 'bigint', decimal: 'numeric' },
  ...{
    'character varying': 'varchar',
    character: 'char',
    'bit varying': 'varbit',
    'public.citext': 'citext',
    'extensions.citext': 'citext',
  },
  ...{ 'timestamp with time zone': 'timestamptz', 'timestamp without time zone': 'timestamp' },
  ...{ 'time with time zone': 'timetz', 'time without time zone': 'time' },
};
const ANY = Number.POSITIVE_INFINITY;
const DEFAULT_SIZE: Readonly<Record<string, number>> = {
  ...{ char: 1, bit: 1, timestamp: 6, timestamptz: 6, time: 6, timetz: 6 },
};
const DIGITS: Readonly<Record<string, number>> = { smallint: 5, integer: 10, bigint: 19 };
/** How long the text of a value can be. */
const LENGTH: Readonly<Record<string, number>> = {
  ...{ smallint: 6, integer: 11, bigint: 20, boolean: 5, uuid: 36 },
};

const always: Keeps = () => true;
const isLonger: Keeps = (from, to) => to.size[0] >= from.size[0];
const hasDigits: Keeps = (from, { size: [precision, scale] }) =>
  precision - scale >= (DIGITS[from.name] ?? ANY);
const isWider: Keeps = ({ size: from }, { size: to }) =>
  to[0] === ANY || (to[1] >= from[1] && to[0] - to[1] >= from[0] - from[1]);
const fits: Keeps = (from, to) => to.size[0] >= (LENGTH[from.name] ?? ANY);

/** What PostgreSQL casts without losing anything, to each type. */
const KEEPS: Readonly<Record<string, Readonly<Record<string, Keeps>>>> = {
  integer: { smallint: always },
  bigint: { smallint: always, integer: always, oid: always },
  real: { smallint: always },
  'double precision': { smallint: always, integer: always, real: always },
  numeric: { smallint: hasDigits, integer: hasDigits, bigint: hasDigits, numeric: isWider },
  timestamp: { date: always, timestamp: isLonger },
  timestamptz: { timestamptz: isLonger },
  time: { time: isLonger },
  timetz: { timetz: isLonger },
  char: { char: isLonger },
  varchar: { varchar: isLonger, char: isLonger, ...onEach(Object.keys(LENGTH), fits) },
  text: onEach(
    [
      ...[
        'varchar',
        'char',
        'citext',
        'name',
        'numeric',
        'inet',
        'cidr',
        'json',
        'jsonb',
        'xml',
        'bit',
        'varbit',
      ],
      ...Object.keys(LENGTH),
    ],
    always,
  ),
  citext: onEach(['text', 'varchar', 'char'], always),
  varbit: { varbit: isLonger, bit: isLonger },
  json: { jsonb: always },
  inet: { cidr: always },
};
/** What depends on the time zone of the session, in which Prisma's clients write and read UTC. */
const KEEPS_IN_UTC: typeof KEEPS = {
  timestamp: { timestamptz: isLonger },
  timestamptz: { timestamp: isLonger, date: always },
};
const UTC = /^(?:Etc\/)?(?:UTC|GMT|UCT)$/i;

/**
 * Whether a column can change its type without losing anything of any value, whatever is in it.
 * @param from and to, as `format_type` or the schema engine writes them
 * @param timeZone of the session that changes it
 */
export function isLossless(from: string, to: string, timeZone: string): boolean {
  const [old, next] = [parseType(from), parseType(to)];
  if (old === undefined || next === undefined || old.isArray !== next.isArray) return false;
  if (old.name === next.name && String(old.size) === String(next.size)) return true;
  const keeps =
    KEEPS[next.name]?.[old.name] ?? (UTC.test(timeZone) ? KEEPS_IN_UTC[next.name]?.[old.name] : undefined);
  return keeps?.(old, next) === true;
}

function parseType(text: string): ColumnType | undefined {
  const groups = TYPE.exec(text.toLowerCase())?.groups;
  if (groups === undefined) return undefined;
  const written = `${groups.name}${groups.zone ?? ''}`;
  const name = ALIASES[written] ?? written;
  const size = groups.size === undefined ? (DEFAULT_SIZE[name] ?? ANY) : Number(groups.size);
  return { name, size: [size, Number(groups.scale ?? 0)], isArray: groups.array !== '' };
}

function onEach(names: readonly string[], keeps: Keeps): Readonly<Record<string, Keeps>> {
  return Object.fromEntries(names.map((name) => [name, keeps]));
}
