#!/bin/sh
# Tries a pgbouncer in front of a database: try-pooler.sh MODE LECTERN_POOLER [MAX_PREPARED_STATEMENTS]
#
# PGBOUNCER names the program, LECTERN the service's; UPSTREAM is what pgbouncer connects to, as its configuration says it
# ("host=127.0.0.1 port=5432 user=lectern_app"), and NAME the database there, with the demo schools in it. LECTERN_SIGNING_KEY and
# LECTERN_SECRET_KEYS are the service's. As an ordinary user: pgbouncer refuses to run as root.
set -eu
mode=$1 pooler=$2 prepared=${3:-}
folder=$(mktemp -d)
trap 'kill $(cat "$folder/pid" 2>/dev/null) ${service:-} 2>/dev/null || true; rm -r "$folder"' EXIT
cat > "$folder/ini" <<INI
[databases]
$NAME = $UPSTREAM
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6499
unix_socket_dir =
auth_type = any
pool_mode = $mode
default_pool_size = 20
pidfile = $folder/pid
logfile = $folder/log
${prepared:+max_prepared_statements = $prepared}
INI
[ "$pooler" = transaction ] || echo "ignore_startup_parameters = options" >> "$folder/ini"
"${PGBOUNCER:-pgbouncer}" --version | head -1
"${PGBOUNCER:-pgbouncer}" -q -d "$folder/ini"
# A person who tries everything in a second does more than people may.
export LECTERN_RATE_BOOKINGS=0 LECTERN_RATE_UPLOADS=0 LECTERN_RATE_SIGN_INS_PER_ADDRESS=0 LECTERN_RATE_SIGN_INS_PER_ACCOUNT=0
export LECTERN_RATE_SIGN_INS_PER_KNOWN_ADDRESS=0 LECTERN_LOG=warn LECTERN_DATA_DIR="$folder/data" LECTERN_LISTEN=127.0.0.1:8499
DATABASE_URL="postgres://lectern_app@127.0.0.1:6499/$NAME?sslmode=disable" LECTERN_POOLER=$pooler "${LECTERN:-lectern}" serve > "$folder/out" 2>&1 &
service=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    "${LECTERN:-lectern}" health > /dev/null 2>&1 && break
    sleep 1
done
for _ in 1 2 3; do
    LECTERN_SMOKE_PASSWORD=lectern-demo "${LECTERN:-lectern}" smoke http://127.0.0.1:8499 2>&1 | tail -1
done
grep -o 'prepared statement.*' "$folder/out" | head -1 || true
