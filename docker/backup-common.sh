# shellcheck shell=sh
# What backup.sh and restore.sh share. Written for any POSIX sh: dash in Debian's images, busybox in Alpine's.

BACKUP_DIR=${BACKUP_DIR:-/backups}
export LC_ALL=C

# libpq reads PGPASSWORD but knows no PGPASSWORD_FILE, which is how a Docker secret arrives.
if [ -n "${PGPASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
fi
export PGAPPNAME="${PGAPPNAME:-zarpe-backup}"
export PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"

# Text as the inside of a JSON string: one line, escaped, no control characters.
json_text() {
  printf '%s' "$1" | tr '\n\r\t' '   ' | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# log LEVEL STEP EVENT MESSAGE [NAME NUMBER]...: one JSON line on stdout, in the shape of the app's own log.
log() {
  log_line=$(printf '{"level":"%s","time":"%s","step":"%s","event":"%s","msg":"%s"' \
    "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" "$(json_text "$4")")
  shift 4
  while [ $# -ge 2 ]; do
    log_line="$log_line,\"$1\":$2"
    shift 2
  done
  printf '%s}\n' "$log_line"
}

# The dump's catalogue must be readable, and then every byte of it: a dump that was cut short still lists.
is_readable_dump() {
  pg_restore --list "$1" >/dev/null 2>&1 && pg_restore --file=/dev/null "$1" 2>/dev/null
}

# Against the checksum taken when the dump was made, which also notices what the dump's own format does not.
is_unchanged() {
  [ -s "$1" ] && [ -s "$1.sha256" ] && (cd "$(dirname "$1")" && sha256sum -c "$(basename "$1").sha256" >/dev/null 2>&1)
}

# The dumps of one kind (daily or weekly), newest first; their names sort by time.
list_dumps() {
  find "$BACKUP_DIR/$1" -name '*.dump' -type f 2>/dev/null | sort -r
}

newest_dump() {
  list_dumps daily | head -n 1
}

# A number for arithmetic: leading zeros would make it octal.
as_decimal() {
  decimal=${1#0}
  printf '%s' "${decimal:-0}"
}

query() {
  psql --no-psqlrc --tuples-only --no-align --quiet --set ON_ERROR_STOP=1 "$@"
}

USER_TABLES="FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"

count_tables() {
  query --command "SELECT count(*) $USER_TABLES"
}
