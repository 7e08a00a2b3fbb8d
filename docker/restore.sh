#!/bin/sh
# Restores a dump made by backup.sh.
#
#   restore.sh [--force] [--trust=ROLE]... [--as-superuser] latest|FILE
#
# FILE as `backup.sh list` names it, such as daily/20250131T031500Z.dump.
# Restores into an empty database in one transaction, and refuses a database with tables. With --force it restores into a new
# database, then exchanges the names of the two and keeps the previous one. It never overwrites anything.
#
# A restore runs code of the dump (CHECK constraints, indexes, generated columns) with the rights of the role that
# restores. It refuses a superuser without --as-superuser, and a dump with objects of roles other than the owner of its
# database without --trust=ROLE.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=docker/backup-common.sh
. "$here/backup-common.sh"
export PGAPPNAME=zarpe-restore
SUFFIX=_restoring_20250131T031500Z
: "${PGDATABASE:?set PGDATABASE to the database to restore}"
created='' closed='' list='' trust='' as_superuser=no

main() {
  force=no dump=''
  for argument; do
    case $argument in
      --force) force=yes ;;
      --as-superuser) as_superuser=yes ;;
      --trust=?*) trust=$(printf '%s\n%s' "$trust" "${argument#--trust=}") ;;
      -*) usage ;;
      *) [ -z "$dump" ] || usage
        dump=$argument ;;
    esac
  done
  [ -n "$dump" ] || usage
  [ ${#PGDATABASE} -le 63 ] || fail 78 "PGDATABASE is longer than the 63 bytes that a name has in PostgreSQL"
  trap end EXIT
  find_dump
  refuse_superuser
  refuse_second_restore
  list_trusted_entries
  name_leftovers
  open_closed_database
  started=$(date +%s)
  tables=$(tables_in_the_way)
  if [ "$tables" = 0 ]; then
    fill_empty_database
  elif [ "$force" = yes ]; then
    replace_database
  else
    fail 77 "refused: database \`$PGDATABASE\` has $tables tables. With --force the dump replaces it, and the present database is kept under another name"
  fi
}

usage() {
  echo "usage: restore.sh [--force] [--trust=ROLE]... [--as-superuser] latest|FILE" >&2
  exit 64
}

fail() {
  log error restore failed "$2"
  exit "$1"
}

find_dump() {
  case $dump in
    latest) find_latest ;;
    /*) ;;
    *) dump=$BACKUP_DIR/$dump ;;
  esac
  [ -f "$dump" ] || fail 66 "no such dump: ${dump:-there is none in $BACKUP_DIR/daily}"
  if [ -e "$dump.sha256" ] && ! is_unchanged "$dump"; then
    fail 65 "$dump is damaged: its checksum does not match. Use an older one"
  fi
  is_readable_dump "$dump" || fail 65 "$dump is damaged: pg_restore cannot read all of it"
}

find_latest() {
  warn_ignored restore
  for unknown in $(list_own daily); do
    [ -n "$(begun_at "$unknown")" ] || fail 65 "$unknown is damaged and may be the latest. Name the dump to restore"
  done
  dump=$(newest_dump)
}

refuse_superuser() {
  role=$(query --dbname=postgres --command "SELECT current_user")
  is_superuser=$(query --dbname=postgres --command "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
  [ "$is_superuser" = f ] || [ "$as_superuser" = yes ] ||
    fail 77 "refused: \`$role\` is a superuser, and a restore runs code of the dump. Restore as the owner of the database; or with --as-superuser, if you trust every role that could write to the database when it was dumped"
}

# What is restored, into $list. Default privileges, which any role may have set for itself, only that role and a
# superuser can set again: those of others are left out. Whatever else is of a role that is not trusted is refused.
list_trusted_entries() {
  foreign=$(list_foreign_objects "$dump" "$trust")
  [ -z "$foreign" ] ||
    fail 77 "refused: the dump holds objects of roles other than the owner of its database, and a restore may run their code: $(name_some "$foreign"). The last word of each is its owner. Look at them in the database, then name the roles that you trust: --trust=ROLE"
  left_out=''
  [ "$is_superuser" = t ] || left_out=$(list_entries_of_others "$dump" "$role" | grep -E "$DEFAULT_ACL" || true)
  [ -z "$left_out" ] || log warn restore left-out "not restored, a superuser has to do it: $(name_some "$left_out")"
  list=$(mktemp)
  pg_restore --list "$dump" | grep -Fvx -e "$left_out" >"$list"
}

# Two at once could each close, open or rename the database under the other. Their sessions are known by their name; of
# this restore, those may still end that have asked before.
refuse_second_restore() {
  for attempt in 1 2 3; do
    others=$(query --dbname=postgres --command "SELECT format('process %s of role %I', pid, usename) FROM pg_stat_activity WHERE application_name = '$PGAPPNAME' AND pid <> pg_backend_pid() ORDER BY pid")
    [ -n "$others" ] || return 0
    [ "$attempt" = 3 ] || sleep 1
  done
  fail 75 "another restore is running on this server: $(name_some "$others"). Try again when it has ended"
}

# What restores that were killed have left of the database.
name_leftovers() {
  leftovers=$(query --dbname=postgres --set base="$(shortened)" <<'SQL'
SELECT quote_ident(datname) FROM pg_database
WHERE starts_with(datname, :'base' || '_restoring_') AND datname ~ '_[0-9]{8}T[0-9]{6}Z$' ORDER BY datname
SQL
  )
  [ -z "$leftovers" ] || log warn restore leftover "an interrupted restore has left a database that is not complete: $(name_some "$leftovers"). Drop it: DROP DATABASE"
}

# A restore that was killed while it exchanged the databases has left this one closed, to superusers too, and its new one.
open_closed_database() {
  is_closed=$(echo "SELECT 1 FROM pg_database WHERE datname = :'name' AND NOT datallowconn" | query --dbname=postgres --set name="$PGDATABASE")
  [ -n "$is_closed" ] || return 0
  [ -n "$leftovers" ] || fail 77 "database \`$PGDATABASE\` allows no connections, and not because of an interrupted restore. To restore into it, allow them: ALTER DATABASE … ALLOW_CONNECTIONS true"
  allow_connections "$PGDATABASE" || fail 1 "database \`$PGDATABASE\` allows no connections, and \`$role\` cannot change that. Its owner or a superuser can"
  log warn restore opened "database \`$PGDATABASE\` allowed no connections, as an interrupted restore leaves it. It does again"
}

# Creates a database that does not exist, as on a new server.
tables_in_the_way() {
  exists=$(echo "SELECT 1 FROM pg_database WHERE datname = :'name'" | query --dbname=postgres --set name="$PGDATABASE")
  if [ -z "$exists" ]; then
    createdb --maintenance-db=postgres --template=template0 "$PGDATABASE" >&2
  fi
  count_tables
}

fill_empty_database() {
  pg_restore --dbname="$(connection_to "$PGDATABASE")" --use-list="$list" --no-owner --exit-on-error --single-transaction "$dump" ||
    fail 1 "pg_restore failed; database \`$PGDATABASE\` is still empty"
  log info restore restored "${dump#"$BACKUP_DIR"/} is restored into the empty database $PGDATABASE" seconds $(($(date +%s) - started))
}

replace_database() {
  stamp=$(date -u +%Y%m%dT%H%M%SZ)
  staging=$(shortened)_restoring_$stamp
  former=$(shortened)_before_$stamp
  trap 'exit 143' TERM
  trap 'exit 130' INT
  create_staging || fail 1 "cannot create the database \`$staging\` to restore into, with the locale and encoding of \`$PGDATABASE\`"
  pg_restore --dbname="$(connection_to "$staging")" --use-list="$list" --no-owner --exit-on-error "$dump" ||
    fail 1 "pg_restore failed; database \`$PGDATABASE\` is unchanged"
  exchange_databases || fail 1 "cannot exchange the databases; database \`$PGDATABASE\` is unchanged$(name_sessions)"
  created=''
  log info restore restored "${dump#"$BACKUP_DIR"/} is restored; the previous database is kept as $former. Drop it when you no longer need it" \
    seconds $(($(date +%s) - started))
}

# PostgreSQL cuts a name at 63 bytes. Cut there, the new database would have the name of the present one.
shortened() {
  printf '%s' "$PGDATABASE" | cut -b "-$((63 - ${#SUFFIX}))" | only_utf8 2>/dev/null || true
}

# As a connection string, because libpq reads a name with `=` or `://` as one.
connection_to() {
  printf "dbname='%s'" "$(printf '%s' "$1" | sed "s/[\\\\']/\\\\&/g")"
}

# With the encoding, the locale and the tablespace of the present database. Only its owner and superusers can connect:
# pg_restore revokes privileges after the data, and a session of another role would stop the exchange.
create_staging() {
  create=$(query --dbname=postgres --set name="$PGDATABASE" --set staging="$staging" <<'SQL'
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', :'staging',
    pg_encoding_to_char(encoding), datcollate, datctype)
  || CASE d ->> 'datlocprovider'
    WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(d ->> 'datlocale', d ->> 'daticulocale'))
      || coalesce(' ICU_RULES ' || quote_literal(nullif(d ->> 'daticurules', '')), '')
    WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', d ->> 'datlocale')
    WHEN 'c' THEN ' LOCALE_PROVIDER libc' ELSE '' END
  || CASE spcname WHEN 'pg_default' THEN '' ELSE format(' TABLESPACE %I', spcname) END
  || ' ALLOW_CONNECTIONS false'
FROM pg_database, to_jsonb(pg_database) AS d, pg_tablespace
WHERE datname = :'name' AND pg_tablespace.oid = dattablespace
SQL
  ) || return 1
  query --dbname=postgres --command "$create" || return 1
  created=yes
  printf 'REVOKE ALL ON DATABASE :"name" FROM PUBLIC;\n' | query --dbname=postgres --set name="$staging" &&
    allow_connections "$staging"
}

# In one transaction, so that a database with that name always exists, and the new one admits nobody before it has the name.
# Copies owner, grants, settings, limits and comment of the present database. Logs a warning for each one that this role may
# not copy. Other roles can choose these texts: each part is quoted, and a line break in it cannot forge a line of the list.
exchange_databases() {
  closed=yes
  not_copied=$(query --dbname=postgres --set name="$PGDATABASE" --set former="$former" --set staging="$staging" <<'SQL'
ALTER DATABASE :"name" ALLOW_CONNECTIONS false;
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname IN (:'name', :'staging') AND backend_type = 'client backend' \g /dev/null
SELECT set_config('zarpe.name', :'name', false), set_config('zarpe.staging', :'staging', false) \g /dev/null
BEGIN;
DO $$
DECLARE
  statement text;
  db pg_database;
  staging text := current_setting('zarpe.staging');
  lists text[] := '{search_path,local_preload_libraries,session_preload_libraries,shared_preload_libraries,temp_tablespaces,unix_socket_directories}';
  not_copied text[] := '{}';
BEGIN
  SELECT * INTO STRICT db FROM pg_database WHERE datname = current_setting('zarpe.name');
  FOR statement IN
    SELECT format('ALTER DATABASE %I OWNER TO %I', staging, pg_get_userbyid(db.datdba)) WHERE pg_get_userbyid(db.datdba) <> current_user
    UNION ALL SELECT format('REVOKE ALL ON DATABASE %I FROM %I', staging, pg_get_userbyid(db.datdba))
    UNION ALL SELECT format('GRANT %s ON DATABASE %I TO %s%s', privilege_type, staging,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
        CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM aclexplode(coalesce(db.datacl, acldefault('d', db.datdba)))
    UNION ALL SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', staging, db.datconnlimit) WHERE db.datconnlimit <> -1
    UNION ALL SELECT format('ALTER DATABASE %I IS_TEMPLATE true', staging) WHERE db.datistemplate
    UNION ALL SELECT format('COMMENT ON DATABASE %I IS %L', staging, shobj_description(db.oid, 'pg_database'))
      WHERE shobj_description(db.oid, 'pg_database') IS NOT NULL
    UNION ALL SELECT
      CASE setrole WHEN 0 THEN format('ALTER DATABASE %I', staging)
        ELSE format('ALTER ROLE %I IN DATABASE %I', pg_get_userbyid(setrole), staging) END
      || format(' SET %I TO %s', name, coalesce(elements, quote_literal(value)))
      FROM pg_db_role_setting, unnest(setconfig) AS setting,
        LATERAL (SELECT split_part(setting, '=', 1) AS name, substr(setting, strpos(setting, '=') + 1) AS value) AS pair,
        -- Of a list, each element by itself: as one literal it would be a list of one.
        LATERAL (SELECT string_agg(quote_literal(CASE WHEN element[1] ~ '^".*"$'
              THEN replace(substr(element[1], 2, length(element[1]) - 2), '""', '"')
            ELSE element[1] END), ', ') AS elements
          FROM regexp_matches(value, '"(?:[^"]|"")*"|[^,\s]+', 'g') AS element WHERE lower(name) = ANY (lists)) AS list
      WHERE setdatabase = db.oid
  LOOP
    BEGIN
      EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
      not_copied := not_copied || format('%s (%s)', replace(statement, quote_ident(staging), quote_ident(db.datname)), SQLERRM);
    END;
  END LOOP;
  PERFORM set_config('zarpe.not_copied', not_copied::text, false);
END $$;
ALTER DATABASE :"name" RENAME TO :"former";
ALTER DATABASE :"staging" RENAME TO :"name";
ALTER DATABASE :"former" ALLOW_CONNECTIONS true;
SELECT regexp_replace(line, '[[:cntrl:]]+', ' ', 'g') FROM unnest(current_setting('zarpe.not_copied')::text[]) AS line;
COMMIT;
SQL
  ) || return 1
  closed=''
  [ -z "$not_copied" ] || printf '%s\n' "$not_copied" | while read -r line; do
    log warn restore not-copied "not copied to the restored database, run it as superuser: $line"
  done
}

# The sessions that this role may not end, of which it sees no more than the role.
name_sessions() {
  sessions=$(query --dbname=postgres --set name="$PGDATABASE" --set staging="$staging" <<'SQL'
SELECT format('process %s of role %I', pid, usename) || CASE datname WHEN :'name' THEN '' ELSE ' in ' || quote_ident(datname) END
FROM pg_stat_activity WHERE datname IN (:'name', :'staging') AND NOT pg_has_role(usesysid, 'USAGE')
ORDER BY pid
SQL
  ) || true
  [ -z "$sessions" ] || printf '. Other roles are connected, and a superuser has to end their sessions first: %s' "$(name_some "$sessions")"
}

allow_connections() {
  printf 'ALTER DATABASE :"name" ALLOW_CONNECTIONS true;\n' | query --dbname=postgres --set name="$1"
}

# After an error or a signal the previous database can have either name.
end() {
  for name in ${closed:+"$former" "$PGDATABASE"}; do
    allow_connections "$name" 2>/dev/null || true
  done
  rm -f ${list:+"$list"}
  [ -z "$created" ] || dropdb --maintenance-db=postgres --if-exists --force "$staging" || true
}

main "$@"
