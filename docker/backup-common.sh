# shellcheck shell=sh
# Functions of backup.sh and restore.sh, for any POSIX sh: dash in Debian's images, busybox in Alpine's.

BACKUP_DIR=${BACKUP_DIR:-/backups}
export LC_ALL=C

# libpq supports no PGPASSWORD_FILE, which a Docker secret needs.
if [ -n "${PGPASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
fi
export PGAPPNAME="${PGAPPNAME:-zarpe-backup}"
export PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"

# Escapes text for a JSON string: one line, valid UTF-8, no control characters.
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

# Reads the table of contents, then the whole dump: a truncated dump still has a readable table of contents.
is_readable_dump() {
  pg_restore --list "$1" >/dev/null 2>&1 && pg_restore --file=/dev/null "$1" 2>/dev/null
}

# Compares the checksum with that of the new dump, which also detects damage that the dump format does not.
is_unchanged() {
  [ -s "$1" ] && [ -s "$1.sha256" ] && (cd "$(dirname "$1")" && sha256sum -c "$(basename "$1").sha256" >/dev/null 2>&1)
}

# The start time of a dump, as YYYYMMDDhhmmss in UTC, from its content: file names and modification times may be wrong.
begun_at() {
  TZ=UTC pg_restore --list "$1" 2>/dev/null |
    sed -n 's/^; *Archive created at \(....\)-\(..\)-\(..\) \(..\):\(..\):\(..\).*/\1\2\3\4\5\6/p'
}

# The daily or weekly files that backup.sh wrote: those with its names, and with a checksum file.
list_own() {
  find "$BACKUP_DIR/$1" -name '*.dump' -type f 2>/dev/null | sort | while read -r file; do
    ! is_own "$file" || printf '%s\n' "$file"
  done
}

is_own() {
  printf '%s\n' "${1##*/}" | grep -Eqx '([0-9]{4}-W[0-9]{2}-)?[0-9]{8}T[0-9]{6}Z\.dump' && [ -e "$1.sha256" ]
}

# Those with a known start time, newest first. One in the future counts as unknown, because a clock was wrong.
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

# warn_ignored STEP: warns about files that are neither counted, removed nor restored as the latest.
warn_ignored() {
  known=$(list_dumps daily && list_dumps weekly)
  find "$BACKUP_DIR/daily" "$BACKUP_DIR/weekly" -name '*.dump' 2>/dev/null | sort | while read -r file; do
    printf '%s\n' "$known" | grep -Fqx -e "$file" ||
      log warn "$1" ignored "${file#"$BACKUP_DIR"/} is ignored: $(why_ignored "$file"). Remove it if you do not need it"
  done
}

why_ignored() {
  if ! is_own "$1"; then
    echo "this service did not write it"
  elif [ -z "$(begun_at "$1")" ]; then
    echo "pg_restore cannot read its start time"
  else
    echo "its start time $(begun_at "$1") UTC is in the future"
  fi
}

# Removes a leading zero, which would make the number octal.
as_decimal() {
  decimal=${1#0}
  printf '%s' "${decimal:-0}"
}

# search_path excludes functions and operators that other roles created.
query() {
  PGOPTIONS="${PGOPTIONS:-} -c search_path=pg_catalog,pg_temp" psql --no-psqlrc --tuples-only --no-align --quiet --set ON_ERROR_STOP=1 "$@"
}

DEFAULT_ACL='^[0-9]+; [0-9]+ [0-9]+ DEFAULT ACL '
# Large objects, their grants and comments. 2613 is pg_largeobject; before PostgreSQL 17 there is no METADATA.
LARGE_OBJECT='^[0-9]+; (2613 [0-9]+ BLOB( METADATA)?|0 0 BLOBS|0 0 (ACL|COMMENT) - LARGE OBJECTS?) '

# list_foreign_objects DUMP [ROLES]: what a restore may run code of, and what neither the owner of the dumped database, nor
# this role, a superuser or one of ROLES (a line each) owns. Default privileges and large objects hold no code.
list_foreign_objects() {
  trusted=$(printf '%s\n' "${2:-}" pg_database_owner "$(dumped_owner "$1")" &&
    query --dbname=postgres --command "SELECT rolname FROM pg_roles WHERE rolsuper OR rolname = current_user") || return 1
  list_entries_of_others "$1" "$trusted" | grep -Ev -e "$DEFAULT_ACL" -e "$LARGE_OBJECT" || true
}

# The owner of the database that was dumped, from the entry of the database itself.
dumped_owner() {
  pg_restore --list --create "$1" | awk '
    /^;     dbname: / { name = substr($0, 15) }
    /^[0-9]+; 1262 [0-9]+ DATABASE - / { sub(/^[0-9]+; 1262 [0-9]+ DATABASE - /, ""); print substr($0, length(name) + 2) }'
}

# list_entries_of_others DUMP OWNERS: an entry ends with its owner, or with a blank where it has none, as extensions and casts.
list_entries_of_others() {
  pg_restore --list "$1" | OWNERS=$2 awk '
    BEGIN { count = split(ENVIRON["OWNERS"], owners, "\n") }
    /^;/ || / $/ { next }
    { for (i = 1; i <= count; i++) if (owners[i] != "" && substr($0, length($0) - length(owners[i])) == " " owners[i]) next
      print }'
}

# The first five of some entries, without their numbers, and how many more there are.
name_some() {
  printf '%s\n' "$1" | sed 's/^[0-9]*; [0-9]* [0-9]* //' | awk 'NR <= 5 { text = text (NR > 1 ? ", " : "") $0 } END { print text (NR > 5 ? " and " NR - 5 " more" : "") }'
}

# In a query: tables and sequences that are neither the system's nor an extension's.
USER_RELATIONS="FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"

count_tables() {
  query --command "SELECT count(*) $USER_RELATIONS AND c.relkind <> 'S'"
}
