# install.md, on a machine that has PostgreSQL and nothing else; then observing.md.

# What `make dist` makes, where no folder with it is given.
part "a release"
if [ -z "$dist" ]; then
    dist=$day/dist
    # Symbols are for a debugger.
    strip -o "$day/stripped" "$program" 2>>"$log" || cp "$program" "$day/stripped"
    LECTERN_DIST_BINARY=$day/stripped LECTERN_DIST_ANYWAY=1 LECTERN_DIST_OUT=$dist "$repo/packaging/dist" >>"$log" 2>&1
    rm -f "$day/stripped"
fi
release=$(basename "$dist"/lectern-*.tar.gz .tar.gz)
echo "  $release"

# An installed program, and settings with an own address: installed MACHINE
installed() {
    at "$1"
    cp "$dist"/{SHA256SUMS,lectern-*} "$where/"
    follow install.md "The machine" 1
    at "$1"
}

# The service's settings, as the page has them: set_up MACHINE
set_up() {
    local address=127.0.0.1:${ports[$1]}
    follow_settings install.md "The settings" 1 "db.example:5432" "$address" \
        "LECTERN_SIGNING_KEY=…" "LECTERN_SIGNING_KEY=$(lectern key)" "LECTERN_SECRET_KEYS=…" "LECTERN_SECRET_KEYS=$(lectern key --secret)" \
        "https://school.example" "http://127.0.0.1:${listens[$1]}"
    follow_settings install.md "The settings" 2 "db.example:5432" "$address"
    # Two processes and all their tools share a small machine; and one person does the work of many.
    printf '%s\n' "LECTERN_LISTEN=127.0.0.1:${listens[$1]}" LECTERN_POOL_SIZE=6 LECTERN_WORKER_POOL_SIZE=4 LECTERN_RATE_COST=0 \
        >>"$root/etc/lectern/lectern.env"
}

part "an empty machine"
began=$EPOCHREALTIME
installed a
new_cluster
follow install.md "The database" 1
set_up a
follow install.md "The settings" 3
operate lectern tenant create --slug elm --name "Elm School" --admin-email head@elm.example >>"$log" 2>&1
signs_in "${listens[a]}" oak head@oak.example "$passphrase" >"$people/session.json"
at_most "from an empty machine to the first sign-in" "$(seconds_since "$began")" 300 s
operate lectern doctor --json >"$day/doctor" || true
exactly "what doctor finds amiss" "$(jq '[.checks[] | select(.passed | not)] | length' "$day/doctor")" 0
at_least "mails that left (without a server of mail: files)" "$(find "$root/var/lib/lectern/outbox" -type f | wc -l)" 1

part "seen"
by observing.md "Seeing what it does" "LECTERN_METRICS_LISTEN"
grep -q '`LECTERN_METRICS_LISTEN=127.0.0.1:9464`' "$pages/observing.md" || fail "observing.md does not say how metrics are served"
echo "LECTERN_METRICS_LISTEN=127.0.0.1:${metrics[a]}" >>"$root/etc/lectern/lectern.env"
systemctl restart lectern
ready "${listens[a]}"
people_begin 2 2 seen "${listens[a]}"
until_more acknowledged 30
until_more answered 30
people_end
curl -sS -f "http://127.0.0.1:${metrics[a]}/metrics" >"$day/metrics"
mutations=$(awk '/^lectern_requests_total\{/ && /kind="mutation"/ && /code="OK"/ { sum += $NF } END { print sum + 0 }' "$day/metrics")
at_least "mutations that the metrics count" "$mutations" "$(count acknowledged)"
exactly "lectern_database_up" "$(awk '$1 == "lectern_database_up" { print $2 }' "$day/metrics")" 1
exactly "schools, people and ids in the metrics" "$(grep -cE 'oak|elm|head@|[0-9a-f]{8}-[0-9a-f]{4}-' "$day/metrics" || true)" 0
if [ -n "$promtool" ]; then
    (cd "$pages" && "$promtool" check rules alerts.yml && "$promtool" test rules alerts.test.yml && "$promtool" check metrics <"$day/metrics") >>"$log" 2>&1
    told "alerts and metrics by promtool" "as they should be"
else
    skipped "alerts by promtool" "no promtool here"
fi
