#!/bin/sh
# Restores a dump made by backup.sh.
#
#   restore.sh [--force] latest|FILE     FILE as `backup.sh list` names it, such as daily/20250131T031500Z.dump
#
# An empty database is filled in one transaction: all of the dump or nothing of it. A database that has tables is
# refused. With --force the dump goes into a new database first; only when all of it is there do the two change
# names, and the former one is kept beside it. Nothing is ever overwritten.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docker/backup-common.sh
. "$here/backup-common.sh"
export PGAPPNAME=zarpe-restore
: "${PGDATABASE:?set PGDATABASE to the database to restore}"
staging=''

main() {
  force=no dump=''
  for argument; do
    case $argument in
      --force) force=yes ;;
      -*) usage ;;
      *) [ -z "$dump" ] || usage
        dump=$argument ;;
    esac
  done
  [ -n "$dump" ] || usage
  find_dump
  started=$(date +%s)
  tables=$(tables_in_the_way)
  if [ "$tables" = 0 ]; then
    fill_empty_database
  elif [ "$force" = yes ]; then
    put_in_place_of_the_present_one
  else
    fail 77 "refused: database \`$PGDATABASE\` has $tables tables. With --force they are kept aside in a database of another name and the dump takes their place"
  fi
}

usage() {
  echo "usage: restore.sh [--force] latest|FILE" >&2
  exit 64
}

fail() {
  log error restore failed "$2"
  exit "$1"
}

find_dump() {
  case $dump in
    latest) dump=$(newest_dump) ;;
    /*) ;;
    *) dump=$BACKUP_DIR/$dump ;;
  esac
  [ -f "$dump" ] || fail 66 "no such dump: ${dump:-there is none in $BACKUP_DIR/daily}"
  if [ -e "$dump.sha256" ] && ! is_unchanged "$dump"; then
    fail 65 "$dump is damaged: it is not what was written. Take an older one"
  fi
  is_readable_dump "$dump" || fail 65 "$dump is damaged: pg_restore cannot read it to its end"
}

# A database that does not exist is made, as on a new server.
tables_in_the_way() {
  if [ -z "$(query --dbname=postgres --command "SELECT 1 FROM pg_database WHERE datname = $(quoted "$PGDATABASE")")" ]; then
    createdb --maintenance-db=postgres --template=template0 "$PGDATABASE" >&2
  fi
  count_tables
}

fill_empty_database() {
  pg_restore --dbname="$PGDATABASE" --no-owner --exit-on-error --single-transaction "$dump" ||
    fail 1 "pg_restore failed; database \`$PGDATABASE\` is empty as before"
  log info restore restored "${dump#"$BACKUP_DIR"/} is restored into the empty database $PGDATABASE" seconds $(($(date +%s) - started))
}

put_in_place_of_the_present_one() {
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  staging=${PGDATABASE}_restoring_$stamp
  former=${PGDATABASE}_before_$stamp
  createdb --maintenance-db=postgres --template=template0 "$staging" || fail 1 "cannot create the database \`$staging\` to restore into"
  trap drop_staging EXIT
  trap 'exit 143' TERM
  trap 'exit 130' INT
  pg_restore --dbname="$staging" --no-owner --exit-on-error "$dump" ||
    fail 1 "pg_restore failed; database \`$PGDATABASE\` is as it was"
  exchange_names || fail 1 "could not put the restored database in place; database \`$PGDATABASE\` is as it was"
  staging=''
  log info restore restored "${dump#"$BACKUP_DIR"/} is in place; what was there is kept as database $former: drop it when nobody misses it" \
    seconds $(($(date +%s) - started))
}

# One transaction: there is no moment without a database of that name.
exchange_names() {
  query --dbname=postgres --set name="$PGDATABASE" --set former="$former" --set staging="$staging" >/dev/null <<'SQL'
ALTER DATABASE :"name" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :'name' AND backend_type = 'client backend';
BEGIN;
ALTER DATABASE :"name" RENAME TO :"former";
ALTER DATABASE :"staging" RENAME TO :"name";
COMMIT;
SQL
  exchange_status=$?
  # psql stops at the first error: whichever of the two names the former database bears now, open it again.
  for name in "$former" "$PGDATABASE"; do
    printf 'ALTER DATABASE :"name" ALLOW_CONNECTIONS true;\n' |
      query --dbname=postgres --set name="$name" >/dev/null 2>&1 || true
  done
  return "$exchange_status"
}

drop_staging() {
  [ -z "$staging" ] || dropdb --maintenance-db=postgres --if-exists --force "$staging" || true
}

# A string as an SQL literal.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

main "$@"
