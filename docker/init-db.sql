-- Run by the postgres image once, as the superuser, in the new database, when the data volume is empty.

-- Extensions that only a superuser may create go here (postgis, vector, ...); pgcrypto, citext, pg_trgm and the other
-- trusted ones a migration creates by itself.

\getenv app_user APP_DB_USER
\getenv password POSTGRES_PASSWORD
\if :{?password}
\else
\set password `cat "$POSTGRES_PASSWORD_FILE"`
\endif

SELECT :'password' = 'in-a-file' AS is_placeholder \gset
\if :is_placeholder
DO $$ BEGIN RAISE 'POSTGRES_PASSWORD is the placeholder of compose.secrets.yml, and that file is not in use'; END $$;
\endif

-- The health check refuses this one as well: by the next start the data folder is no longer empty.
SELECT :'app_user' = current_user AS is_superuser \gset
\if :is_superuser
\set message 'POSTGRES_USER is ' :app_user ', the superuser: name another role for the app, and start with an empty volume'
SELECT set_config('zarpe.message', :'message', false) \g /dev/null
DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = current_setting('zarpe.message'); END $$;
\endif

-- All or nothing: the health check takes the role for the sign that all of this was done.
BEGIN;

-- The app gets a role of its own that owns its database and nothing else. Were it the superuser, one SQL injection
-- could run programs in the database's container (COPY ... TO PROGRAM). CREATEDB is for `restore --force`, which
-- fills a new database before it takes the old one's place.
CREATE ROLE :"app_user" LOGIN CREATEDB PASSWORD :'password';
SELECT format('ALTER DATABASE %I OWNER TO %I', current_database(), :'app_user') \gexec

-- From now on the superuser has no password: it comes in over the socket inside the container and nowhere else,
-- `docker compose exec postgres psql -U postgres`.
ALTER ROLE CURRENT_USER PASSWORD NULL;

COMMIT;
