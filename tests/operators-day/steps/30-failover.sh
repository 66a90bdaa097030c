# failover.md: two standbys, the primary killed under load, a promotion; then the old primary as a standby, and reads from standbys (standbys.md).

# A standby of the server of another machine, and its name: stands_by MACHINE OF
stands_by() {
    at "$1"
    follow_as_postgres failover.md "A primary with a standby" 3 "--host a.example" "--host 127.0.0.1 --port ${ports[$2]}" "'b'" "'$1'"
    # What standbys.md asks of each.
    follow_into "$data/postgresql.conf" standbys.md "More reads than one server answers: standbys" 2 "max_connections = …" "max_connections = 100"
    systemctl start postgresql
}
streaming() { [ "$(sql "$1" "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND application_name IN ($2)")" = "$3" ]; }
furthest() { [ "$(sql b "SELECT pg_last_wal_receive_lsn() >= '$(sql c 'SELECT pg_last_wal_receive_lsn()' postgres)'" postgres)" = t ] && echo b || echo c; }

part "a primary with standbys"
at a
follow failover.md "A primary with a standby" 2
stands_by b a
stands_by c a
at a
by failover.md "A primary with a standby" "pg_stat_replication shows both names, streaming"
until_done 60 "both standbys" streaming a "'b', 'c'" 2
follow failover.md "A primary with a standby" 4
follow_settings failover.md "A primary with a standby" 5 \
    "a.example:5432,b.example:5432,c.example:5432" "127.0.0.1:${ports[a]},127.0.0.1:${ports[b]},127.0.0.1:${ports[c]}"
systemctl restart lectern
ready "${listens[a]}"

part "the primary is lost"
people_begin 4 0 lost "${listens[a]}"
until_more acknowledged 60
killed=$EPOCHREALTIME
postgres_ends KILL
new=$(furthest)
[ "$new" = b ] && other=c || other=b
at "$new"
promoted=$(now_ms)
follow failover.md "The primary is lost" 1
writes_again() { [ "$(count latest)" -ge "$promoted" ]; }
until_done 60 "a write that is acknowledged" writes_again
at_most "until writes are acknowledged after the promotion" "$(awk -v a="$promoted" -v b="$(now_ms)" 'BEGIN { printf "%.1f", (b - a) / 1000 }')" 10 s
told "the same from the loss on" "$(seconds_since "$killed") s"
until_more acknowledged 40
ready "${listens[a]}"

at "$other"
follow failover.md "The primary is lost" 2 "host=b.example" "host=127.0.0.1 port=${ports[$new]}"
until_done 60 "the other standby" streaming "$new" "'$other'" 1
at "$new"
follow failover.md "The primary is lost" 3 "(a, c)" "(a, $other)"

by failover.md "The primary is lost" "the old one is back as if nothing had happened: it is never written to"
at a
# It would archive another end of the same piece of WAL.
postgres_starts archive_mode=off
courses=$(sql a "SELECT count(*) FROM course")
until_more acknowledged 100
exactly "writes at the old primary, which is back" "$(($(sql a "SELECT count(*) FROM course") - courses))" 0
postgres_ends QUIT
people_end
at_least "writes that were acknowledged" "$(count acknowledged)" 200
exactly "acknowledged writes that are lost or there twice" "$(missing "$new" lost)" 0
told "writes that were refused meanwhile (UNAVAILABLE)" "$(count refused)"
exactly "writes without an answer, or with another" "$(($(count unanswered) + $(count failed)))" 0

by failover.md "The primary is lost" "the old machine comes back as a standby"
rm -rf "$data"
stands_by a "$new"
until_done 60 "the old machine as a standby" streaming "$new" "'a', '$other'" 2

part "reads from standbys"
follow_settings standbys.md "More reads than one server answers: standbys" 1 "b.example:5432,c.example:5432" "127.0.0.1:${ports[a]},127.0.0.1:${ports[$other]}"
systemctl restart lectern
ready "${listens[a]}"
service_starts second "${listens[a2]}" "${metrics[a2]}"
ready "${listens[a2]}"
sent_to "${listens[a]}" "${listens[a2]}"
node "$here/load.mjs" tries "$people" 150 2>>"$log"
exactly "stale answers to whoever has written, of $(count tried)" "$(count stale)" 0
read_there() { curl -sS -f "http://127.0.0.1:${metrics[a]}/metrics" | awk '$1 == "lectern_standby_queries_total" { print $2 + 0 }'; }
people_begin 0 4 none "${listens[a]}" "${listens[a2]}"
until_more answered 20
read_from_standbys() { [ "$(read_there)" -ge 20 ]; }
until_done 60 "reads from standbys" read_from_standbys
at "$other"
postgres_ends KILL
until_more answered 100
people_end
exactly "requests that failed when a standby was killed" "$(count failed)" 0
systemctl start postgresql
at a
