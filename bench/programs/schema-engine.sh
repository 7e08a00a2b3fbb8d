#!/bin/sh
# Stands in for Prisma's native schema engine where that cannot be downloaded: says at once that all is applied, without
# a look at the database, which is faster than the engine can be.
case " $* " in *" cli "*) exit 0 ;; esac
while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[!0-9]*}
  case $line in
    *'"method":"applyMigrations"'*) result='{"appliedMigrationNames":[]}' ;;
    *'"method":"diagnoseMigrationHistory"'*)
      result='{"drift":null,"history":null,"failedMigrationNames":[],"editedMigrationNames":[],"errorInUnappliedMigration":null,"hasMigrationsTable":true}'
      ;;
    *) result='{}' ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
