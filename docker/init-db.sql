-- The postgres image runs this once, as superuser in the new database, if the data volume is empty.

-- Add extensions here that only a superuser may create (postgis, vector, ...). Migrations can create trusted extensions such as
-- pgcrypto, citext and pg_trgm.

-- No statement contains the password, so no log can: the shell checks it, and the app's role gets the SCRAM verifier that the
-- image stored for the superuser.
\getenv app_user APP_DB_USER
\getenv database POSTGRES_DB
\set is_placeholder `test "${POSTGRES_PASSWORD:-$(cat "$POSTGRES_PASSWORD_FILE")}" = in-a-file && echo true || echo false`
\set is_one_line `test "$(printf %s "$POSTGRES_PASSWORD" | tr -d '\r\n')" = "$POSTGRES_PASSWORD" && echo true || echo false`

SELECT set_config('zarpe.' || name, value, false)
FROM (VALUES ('app_user', :'app_user'), ('database', :'database'), ('is_placeholder', :'is_placeholder'), ('is_one_line', :'is_one_line')) AS setting (name, value) \g /dev/null

-- In one transaction: for the health check, the existence of the role means that all of this succeeded.
DO $$
DECLARE
  app_user text := current_setting('zarpe.app_user');
  password_problem text := CASE
    WHEN current_setting('zarpe.is_placeholder')::bool THEN 'is the placeholder of compose.secrets.yml, and that file is not in use'
    -- The image uses only the first line.
    WHEN NOT current_setting('zarpe.is_one_line')::bool THEN 'contains a line break'
  END;
  verifier text := (SELECT rolpassword FROM pg_authid WHERE rolname = current_user);
  -- The health check rejects these too: at the next start the data folder is no longer empty.
  name_problem text := CASE
    WHEN app_user = current_user THEN 'the superuser'
    WHEN app_user IN ('public', 'none') OR starts_with(app_user, 'pg_') THEN 'a name that PostgreSQL reserves'
    WHEN octet_length(app_user) > 63 THEN 'longer than the 63 bytes that PostgreSQL allows'
  END;
BEGIN
  IF password_problem IS NOT NULL THEN
    RAISE 'POSTGRES_PASSWORD %: set another one, and start with an empty volume', password_problem;
  ELSIF name_problem IS NOT NULL THEN
    RAISE 'POSTGRES_USER is %, %: name another role for the app, and start with an empty volume', app_user, name_problem;
  ELSIF octet_length(current_setting('zarpe.database')) > 63 THEN
    -- PostgreSQL has cut it, and the health check and the backups would look for the whole name.
    RAISE 'POSTGRES_DB is %, longer than the 63 bytes that PostgreSQL allows: name another database, and start with an empty volume', current_setting('zarpe.database');
  ELSIF verifier IS NULL OR NOT starts_with(verifier, 'SCRAM-SHA-256$') THEN
    RAISE 'The password of the superuser is not stored as SCRAM-SHA-256: remove POSTGRES_HOST_AUTH_METHOD and POSTGRES_INITDB_ARGS, and start with an empty volume';
  END IF;

  -- The app's role owns only its database. As a superuser, an SQL injection could run programs in the database container
  -- (COPY ... TO PROGRAM). `restore --force` needs CREATEDB: it restores into a new database before it renames it.
  EXECUTE format('CREATE ROLE %I LOGIN CREATEDB', app_user);
  EXECUTE format('ALTER ROLE %I PASSWORD %L', app_user, verifier);
  EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), app_user);

  -- From now on the superuser has no password and can only connect over the socket inside the container:
  -- `docker compose exec postgres psql -U postgres`.
  ALTER ROLE CURRENT_USER PASSWORD NULL;
END $$;
