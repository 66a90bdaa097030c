#!/bin/sh
# Gives the roles of sql/roles.sql their passwords, and the database to its owner; run it again to change a password.
#
# The postgres image of docker-compose.yml runs it once, after roles.sql, when it makes the database. By hand, as a
# superuser, with psql 15 or newer:
#
#   createdb lectern && psql -d lectern -f sql/roles.sql
#   LECTERN_OWNER_PASSWORD=… LECTERN_APP_PASSWORD=… LECTERN_PLATFORM_PASSWORD=… PGDATABASE=lectern sql/passwords.sh
set -eu

: "${LECTERN_OWNER_PASSWORD:?is needed: the password of lectern_owner, which migrates}"
: "${LECTERN_APP_PASSWORD:?is needed: the password of lectern_app, which serves}"
: "${LECTERN_PLATFORM_PASSWORD:?is needed: the password of lectern_platform, which operates}"

# The passwords come from the environment, not from the command line, where every process could read them.
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname "${POSTGRES_DB:-${PGDATABASE:-lectern}}" <<'SQL'
\getenv owner_password LECTERN_OWNER_PASSWORD
\getenv app_password LECTERN_APP_PASSWORD
\getenv platform_password LECTERN_PLATFORM_PASSWORD
SET log_statement = 'none';
SET log_min_duration_statement = -1;
ALTER ROLE lectern_owner PASSWORD :'owner_password';
ALTER ROLE lectern_app PASSWORD :'app_password';
ALTER ROLE lectern_platform PASSWORD :'platform_password';
SELECT format('ALTER DATABASE %I OWNER TO lectern_owner', current_database()) \gexec
SQL
