#!/bin/sh
# Gives the roles of sql/roles.sql their passwords, and the database to its owner; run it again to change a password.
#
# The postgres image of docker-compose.yml runs it once, after roles.sql, when it makes the database. By hand, as a
# superuser or with CREATEROLE and the database's ownership, with psql 15 or newer:
#
#   createdb lectern && psql -d lectern -f sql/roles.sql
#   LECTERN_OWNER_PASSWORD=… LECTERN_APP_PASSWORD=… LECTERN_PLATFORM_PASSWORD=… LECTERN_DESK_PASSWORD=… PGDATABASE=lectern sql/passwords.sh
set -eu

: "${LECTERN_OWNER_PASSWORD:?is needed: the password of lectern_owner, which migrates}"
: "${LECTERN_APP_PASSWORD:?is needed: the password of lectern_app, which serves}"
: "${LECTERN_PLATFORM_PASSWORD:?is needed: the password of lectern_platform, which operates}"
: "${LECTERN_DESK_PASSWORD:?is needed: the password of lectern_desk, which serves the platform}"

# The passwords come from the environment, not from the command line, where every process could read them.
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname "${POSTGRES_DB:-${PGDATABASE:-lectern}}" <<'SQL'
\getenv owner_password LECTERN_OWNER_PASSWORD
\getenv app_password LECTERN_APP_PASSWORD
\getenv platform_password LECTERN_PLATFORM_PASSWORD
\getenv desk_password LECTERN_DESK_PASSWORD
-- A superuser keeps them out of the server's log too; the administrator of a managed database may not say so, and must be
-- a member of the owner in order to give the database away.
SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = current_user \gset
\if :is_superuser
SET log_statement = 'none';
SET log_min_duration_statement = -1;
\else
GRANT lectern_owner TO CURRENT_USER;
\endif
ALTER ROLE lectern_owner PASSWORD :'owner_password';
ALTER ROLE lectern_app PASSWORD :'app_password';
ALTER ROLE lectern_platform PASSWORD :'platform_password';
ALTER ROLE lectern_desk PASSWORD :'desk_password';
SELECT format('ALTER DATABASE %I OWNER TO lectern_owner', current_database()) \gexec
SQL
