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

# Text as the inside of a JSON string: one line, escaped, no control characters, nothing that is not UTF-8.
json_text() {
  printf '%s' "$1" | tr '\n\r\t' '   ' | tr -d '\000-\037\177' | only_utf8 | sed 's/\\/\\\\/g; s/"/\\"/g'
}

only_utf8() {
  if command -v iconv >/dev/null; then iconv -c -f UTF-8 -t UTF-8; else tr '\200-\377' '?'; fi
}

# log LEVEL STEP EVENT MESSAGE [NAME NUMBER]...: one JSON line on stdout, in the shape of the app's own log.
log() {
  log_line=$(printf '{"level":"%s","time":"%s","step":"%s","event":"%s","msg":"%s"' \
    "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$2" "$3" "$(json_text "$4")")
  shift 4
  while [ $# -ge 2 ]; do
    case $2 in
      '' | *[!0-9]*) log_line="$log_line,\"$1\":null" ;;
      *) log_line="$log_line,\"$1\":$2" ;;
    esac
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

# When a dump was begun, as YYYYMMDDhhmmss in UTC, from the dump itself: a name and a file's time can be anything.
begun_at() {
  TZ=UTC pg_restore --list "$1" 2>/dev/null |
    sed -n 's/^; *Archive created at \(....\)-\(..\)-\(..\) \(..\):\(..\):\(..\).*/\1\2\3\4\5\6/p'
}

# The files of one kind (daily or weekly) that backup.sh has written: named as it names them, with a checksum beside.
list_own() {
  find "$BACKUP_DIR/$1" -name '*.dump' -type f 2>/dev/null | sort | while read -r file; do
    ! is_own "$file" || printf '%s\n' "$file"
  done
}

is_own() {
  printf '%s\n' "${1##*/}" | grep -Eqx '([0-9]{4}-W[0-9]{2}-)?[0-9]{8}T[0-9]{6}Z\.dump' && [ -e "$1.sha256" ]
}

# Those of them whose beginning is known, newest first. The future is unknown: a clock was wrong then, or is now.
list_dumps() {
  now=$(date -u +%Y%m%d%H%M%S)
  list_own "$1" | while read -r file; do
    begun=$(begun_at "$file")
    [ "${begun:-99999999999999}" -gt "$now" ] || printf '%s %s\n' "$begun" "$file"
  done | sort -r | cut -d ' ' -f 2-
}

newest_dump() {
  list_dumps daily | head -n 1
}

# tell_passed_over STEP: what lies among the dumps and is neither counted, removed nor restored as the latest.
tell_passed_over() {
  passed_over=$(list_dumps daily && list_dumps weekly)
  find "$BACKUP_DIR/daily" "$BACKUP_DIR/weekly" -name '*.dump' 2>/dev/null | sort | while read -r file; do
    printf '%s\n' "$passed_over" | grep -Fqx -e "$file" ||
      log warn "$1" passed-over "${file#"$BACKUP_DIR"/} is passed over: $(why_passed_over "$file"). It stays until a person removes it"
  done
}

why_passed_over() {
  if ! is_own "$1"; then
    echo "it is not a dump that this service has written"
  elif [ -z "$(begun_at "$1")" ]; then
    echo "pg_restore cannot read when it was begun"
  else
    echo "it was begun at $(begun_at "$1") UTC, which is in the future"
  fi
}

# A number for arithmetic: leading zeros would make it octal.
as_decimal() {
  decimal=${1#0}
  printf '%s' "${decimal:-0}"
}

# Nothing that another role of the database has made is called: only the system's own functions and operators are found.
query() {
  PGOPTIONS="${PGOPTIONS:-} -c search_path=pg_catalog,pg_temp" psql --no-psqlrc --tuples-only --no-align --quiet --set ON_ERROR_STOP=1 "$@"
}

USER_TABLES="FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"

count_tables() {
  query --command "SELECT count(*) $USER_TABLES"
}
