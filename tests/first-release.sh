#!/bin/sh
# Makes tests/it/migrate/first-release.sql.gz: the schema of a release with its demo schools, as the test of upgrades finds it.
# first-release.sh LECTERN SUPERUSER_URL: the release's program, and a database of a scratch server that is empty, by a superuser's URL.
set -eu
lectern=$1 url=$2
LECTERN_SECRET_KEYS=c2VhbHMgd2hhdCB0aGUgdGVzdHMga2VlcCBzZWNyZXQ=
LECTERN_DATA_DIR=$(mktemp -d)
trap 'rm -r "$LECTERN_DATA_DIR"' EXIT
export LECTERN_SECRET_KEYS LECTERN_DATA_DIR
LECTERN_OWNER_URL=$url "$lectern" migrate
LECTERN_PLATFORM_URL=$(echo "$url" | sed 's#//[^@]*@#//lectern_platform@#') "$lectern" seed
# What begins with a backslash is psql's, not the server's.
pg_dump --inserts --rows-per-insert=200 "$url" | grep -v '^\\' | gzip -9n > "$(dirname "$0")/it/migrate/first-release.sql.gz"
