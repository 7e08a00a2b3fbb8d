#!/bin/sh
# Dumps a PostgreSQL database on a schedule, verifies each dump, and keeps a limited number of them.
#
#   backup.sh [schedule]   dump every day at BACKUP_AT, and immediately if the last dump is missing or overdue
#   backup.sh once         dump now
#   backup.sh verify       verify the checksum of every dump; rename damaged ones to *.damaged
#   backup.sh health       exit 1 with the reason if there is no good dump younger than BACKUP_MAX_AGE_HOURS
#   backup.sh list         list the dumps
#
# The connection comes from libpq's variables (PGHOST, PGPORT, PGUSER, PGPASSWORD or PGPASSWORD_FILE, PGDATABASE).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docker/backup-common.sh
. "$here/backup-common.sh"

BACKUP_AT=${BACKUP_AT:-03:15}
BACKUP_KEEP_DAILY=${BACKUP_KEEP_DAILY:-7}
BACKUP_KEEP_WEEKLY=${BACKUP_KEEP_WEEKLY:-4}
BACKUP_MAX_AGE_HOURS=${BACKUP_MAX_AGE_HOURS:-26}
BACKUP_RETRY_SECONDS=${BACKUP_RETRY_SECONDS:-300}
BACKUP_POLL_SECONDS=${BACKUP_POLL_SECONDS:-15}
umask 077

child='' partial='' errors='' reported=''
# shellcheck disable=SC2329 # called by the trap
end() {
  end_status=$?
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  rm -f ${partial:+"$partial"} ${errors:+"$errors"}
  case $end_status in
    0 | 64 | 78 | 130 | 143) ;;
    *) [ -n "$reported" ] || log error backup failed "exit code $end_status; see the lines above for the reason" ;;
  esac
}
trap end EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# In the background, because a shell handles signals only between foreground commands.
run() {
  "$@" &
  child=$!
  run_status=0
  wait "$child" || run_status=$?
  child=''
  return "$run_status"
}

check_settings() {
  case $BACKUP_AT in
    [01][0-9]:[0-5][0-9] | 2[0-3]:[0-5][0-9]) ;;
    *) refuse "BACKUP_AT: expected a time of day such as 03:15, got \`$BACKUP_AT\`" ;;
  esac
  for setting in BACKUP_KEEP_DAILY BACKUP_KEEP_WEEKLY BACKUP_MAX_AGE_HOURS BACKUP_RETRY_SECONDS BACKUP_POLL_SECONDS; do
    eval "value=\$$setting"
    # shellcheck disable=SC2154 # assigned by the eval
    case $value in
      '' | *[!0-9]* | 0*) refuse "$setting: expected a whole number from 1, got \`$value\`" ;;
    esac
  done
}

refuse() {
  log error backup refused "$1"
  exit 78
}

back_up() {
  started=$(date +%s)
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  mkdir -p "$BACKUP_DIR/daily" "$BACKUP_DIR/weekly"
  # Remains of a killed run. Older than a day, so that a dump in progress is not removed.
  find "$BACKUP_DIR/daily" -name '.partial-*' -mtime +0 -exec rm -f {} +
  partial=$(mktemp "$BACKUP_DIR/daily/.partial-XXXXXX")
  errors=$(mktemp)
  # Without the lock timeout, a dump that waits for the lock of a migration would block every later query.
  TZ=UTC run pg_dump --format=custom --lock-wait-timeout=60s --file="$partial" 2>"$errors" ||
    give_up "pg_dump failed: $(cat "$errors")$(name_unreadable)"
  run is_readable_dump "$partial" ||
    give_up "pg_restore cannot read the new dump of pg_dump"
  dump=$BACKUP_DIR/daily/$stamp.dump
  checksum=$(sha256sum <"$partial")
  printf '%s  %s\n' "${checksum%% *}" "$stamp.dump" >"$dump.sha256"
  sync
  mv "$partial" "$dump"
  partial=''
  keep_weekly "$dump"
  printf '%s %s\n' "$started" "$dump" >"$BACKUP_DIR/.last-good.new"
  mv "$BACKUP_DIR/.last-good.new" "$BACKUP_DIR/.last-good"
  bytes=$(wc -c <"$dump" | tr -d ' ')
  rotate daily "$BACKUP_KEEP_DAILY"
  rotate weekly "$BACKUP_KEEP_WEEKLY"
  log info backup written "dumped and verified daily/$stamp.dump" \
    bytes "$bytes" seconds $(($(date +%s) - started)) \
    daily "$(list_dumps daily | wc -l | tr -d ' ')" weekly "$(list_dumps weekly | wc -l | tr -d ' ')"
  foreign=$(list_foreign_objects "$dump") || foreign=''
  [ -z "$foreign" ] ||
    log warn backup foreign "daily/$stamp.dump holds objects of roles other than the owner of the database, and a restore refuses it without --trust=ROLE: $(name_some "$foreign")"
  warn_ignored backup
  set_damaged_aside
}

# What another role has made and this one may not read stops every dump, as a dump without it would not be whole.
name_unreadable() {
  unreadable=$(
    query --set relations="$USER_RELATIONS" <<'SQL' 2>/dev/null
SELECT format('GRANT SELECT ON %s %I.%I TO %I (owner %I%s)',
  CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, nspname, relname, current_user, pg_get_userbyid(relowner),
  CASE WHEN has_schema_privilege(n.oid, 'USAGE') THEN '' ELSE format(', and GRANT USAGE ON SCHEMA %I TO %I', nspname, current_user) END)
:relations AND NOT (has_schema_privilege(n.oid, 'USAGE')
  AND CASE relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END)
UNION ALL
SELECT format('GRANT SELECT ON LARGE OBJECT %s TO %I (owner %I)', oid, current_user, pg_get_userbyid(lomowner))
FROM pg_largeobject_metadata
WHERE NOT EXISTS (SELECT FROM aclexplode(coalesce(lomacl, acldefault('L', lomowner)))
  WHERE privilege_type = 'SELECT' AND (grantee = 0 OR pg_has_role(grantee, 'USAGE')))
ORDER BY 1
SQL
  ) || true
  [ -z "$unreadable" ] ||
    printf '. This role may not read all of the database. Drop it, or as its owner or a superuser: %s' "$(name_some "$unreadable")"
}

give_up() {
  log error backup failed "$1" seconds $(($(date +%s) - started))
  reported=yes
  exit 1
}

# The first dump of each ISO week is the weekly dump; a hard link needs no space.
keep_weekly() {
  week=$(date -u +%G-W%V)
  for kept in $(list_dumps weekly); do
    case ${kept##*/} in "$week"-*) return 0 ;; esac
  done
  weekly=$BACKUP_DIR/weekly/$week-$stamp.dump
  ln "$1" "$weekly" 2>/dev/null || cp "$1" "$weekly"
  printf '%s  %s\n' "${checksum%% *}" "$week-$stamp.dump" >"$weekly.sha256"
}

# Never removes the new dump, even if the clock is wrong.
rotate() {
  list_dumps "$1" | tail -n +$(($2 + 1)) | while read -r old; do
    case $old in *"$stamp.dump") ;; *) rm -f "$old" "$old.sha256" ;; esac
  done
}

set_damaged_aside() {
  damaged=0
  for kept in $(list_own daily) $(list_own weekly); do
    if ! run is_unchanged "$kept"; then
      damaged=$((damaged + 1)) reported=yes
      mv "$kept" "$kept.damaged"
      log error backup damaged "${kept#"$BACKUP_DIR"/} does not match its checksum: renamed to *.damaged. Inspect it, then remove it"
    fi
  done
  [ "$damaged" = 0 ]
}

is_due() {
  now=$(date +%s)
  # The last moment the clock showed BACKUP_AT.
  clock=$(date +%H:%M:%S)
  since_midnight=$(($(as_decimal "${clock%%:*}") * 3600 + $(as_decimal "$(printf '%s' "$clock" | cut -d: -f2)") * 60 + $(as_decimal "${clock##*:}")))
  at=$(($(as_decimal "${BACKUP_AT%%:*}") * 3600 + $(as_decimal "${BACKUP_AT##*:}") * 60))
  scheduled=$((now - since_midnight + at))
  [ "$scheduled" -le "$now" ] || scheduled=$((scheduled - 86400))
  [ "$(last_good)" -lt "$scheduled" ]
}

# The start time of the last good dump as Unix time; 0 if there is none, it was removed or renamed, or its time is invalid or
# in the future: a dump is then due.
last_good() {
  good_since='' good_dump=''
  [ ! -s "$BACKUP_DIR/.last-good" ] || read -r good_since good_dump <"$BACKUP_DIR/.last-good" || true
  if [ -s "$good_dump" ]; then past "$good_since"; else echo 0; fi
}

# A Unix time; 0 if it is invalid or in the future.
past() {
  case $1 in
    '' | *[!0-9]* | ???????????*) echo 0 ;;
    *) if [ "$1" -le "$(date +%s)" ]; then echo "$1"; else echo 0; fi ;;
  esac
}

keep_schedule() {
  mkdir -p "$BACKUP_DIR"
  [ "$(watching_since)" != 0 ] || date +%s >"$BACKUP_DIR/.watching-since"
  log info backup scheduled "daily dump at $BACKUP_AT; keeping $BACKUP_KEEP_DAILY daily and $BACKUP_KEEP_WEEKLY weekly dumps"
  waiting=''
  while :; do
    pause=$BACKUP_POLL_SECONDS
    if is_due; then
      case $(count_tables 2>&1 || true) in
        0) [ -n "$waiting" ] || log info backup waiting "waiting: the database has no tables yet"
          waiting=yes ;;
        # In a separate process: a function in a condition would ignore `set -e` and continue after an error.
        *) run /bin/sh "$here/backup.sh" once || pause=$BACKUP_RETRY_SECONDS ;;
      esac
    fi
    run sleep "$pause"
  done
}

watching_since() {
  past "$(cat "$BACKUP_DIR/.watching-since" 2>/dev/null || true)"
}

report_health() {
  reported=yes
  damaged=$(find "$BACKUP_DIR" -name '*.dump.damaged' 2>/dev/null | sort | head -n 1)
  if [ -n "$damaged" ]; then
    echo "damaged: $damaged. Inspect it, then remove it"
    return 1
  fi
  since=$(last_good)
  # A new service has no dump yet.
  [ "$since" != 0 ] || since=$(watching_since)
  age=$((($(date +%s) - since) / 3600))
  if [ "$age" -ge "$BACKUP_MAX_AGE_HOURS" ]; then
    echo "no good backup for more than $BACKUP_MAX_AGE_HOURS hours"
    return 1
  fi
  echo "last good backup: $(cut -d ' ' -f 2- "$BACKUP_DIR/.last-good" 2>/dev/null | grep . || echo none yet)"
}

check_settings
case ${1:-schedule} in
  schedule) keep_schedule ;;
  once) back_up ;;
  verify) set_damaged_aside && log info backup verified "every dump matches its checksum" ;;
  health) report_health ;;
  list) cd "$BACKUP_DIR" && find daily weekly -name '*.dump' -exec ls -l {} + 2>/dev/null | sort -k 9 ;;
  *)
    echo "usage: backup.sh [schedule|once|verify|health|list]" >&2
    exit 64
    ;;
esac
