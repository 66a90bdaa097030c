# backup.md: a backup under load, the machine lost whole, everything restored to a moment.

part "backed up"
follow backup.md "Set up" 1
# A minute of the page is three seconds of this day.
follow_into "$data/postgresql.conf" backup.md "Set up" 2 "archive_timeout = 60 " "archive_timeout = 3 "
systemctl restart postgresql
until_done 30 "the service after the restart" curl -sf -o "$day/ready" "http://127.0.0.1:${listens[a]}/readyz"
people_begin 3 1 kept "${listens[a]}"
until_more acknowledged 20
notes=$(uploads "${listens[a]}" notes.txt Crosswind)
follow backup.md "Set up" 3 "host=db.example" "host=127.0.0.1 port=${ports[a]}"
base=$(basename "$day"/backup/base/*)
until_more acknowledged 20
later=$(uploads "${listens[a]}" later.txt Tailwind)
people_end
told "writes while the backup was taken" "$(count acknowledged) acknowledged, $(count failed) failed"
by backup.md "Set up" "the files, again and again"
(cd "$where" && packaging/backup files "$root/var/lib/lectern/files" "$day/backup/files") >>"$log" 2>&1
by backup.md "What is kept" "keys and settings, in a vault"
cp -a "$root/etc/lectern" "$day/vault"

# Jobs that were asked for are done: from here to the moment nobody writes.
systemctl stop lectern
schools=("$(school a oak)" "$(school a elm)")
fingerprint a "${schools[@]}" >"$day/before"
moment=$(sql a "SELECT clock_timestamp()")
sleep 0.1
systemctl start lectern
ready "${listens[a]}"
people_begin 2 0 undone "${listens[a]}"
until_more acknowledged 20
people_end
undone=$(uploads "${listens[a]}" undone.txt Calm)
(cd "$where" && packaging/backup files "$root/var/lib/lectern/files" "$day/backup/files") >>"$log" 2>&1

# What was written since waits for its piece of WAL to be full, or old enough.
piece=$(sql a "SELECT pg_walfile_name(pg_current_wal_lsn())")
last=$EPOCHREALTIME
is_archived() { [ "$(sql a "SELECT coalesce(last_archived_wal COLLATE \"C\" >= '$piece', false) FROM pg_stat_archiver")" = t ]; }
until_done 60 "the archive" is_archived
at_most "until a write is in the archive (archive_timeout 3 s)" "$(seconds_since "$last")" 6 s

part "lost and restored"
began=$EPOCHREALTIME
postgres_ends KILL
killed=$(cat "$root/run/lectern.service")
kill -KILL "$killed"
has_ended "the service" "$killed"
rm -rf "$root"
[ ! -e "$root" ] || fail "$root is still there"
installed a
by backup.md "The way back" "settings and keys of before"
cp -a "$day/vault/." "$root/etc/lectern/"
follow backup.md "The way back" 1 "2026-11-28 09:30:00+00" "$moment" "base/2026-11-28" "base/$base"
by backup.md "The way back" "SELECT pg_is_in_recovery()"
recovered() { [ "$(sql a "SELECT pg_is_in_recovery()")" = f ]; }
until_done 120 "the recovery" recovered
follow backup.md "The way back" 2
follow backup.md "The way back" 3
fingerprint a "${schools[@]}" >"$day/after"
exactly "tables of schools that are not as they were" "$(diff "$day/before" "$day/after" | grep -c '^[<>]' || true)" 0
told "tables of schools that were compared" "$(wc -l <"$day/after")"
exactly "acknowledged writes of before the moment that are lost" "$(missing a kept)" 0
exactly "writes of after the moment that are there" "$(sql a "SELECT count(*) FROM course WHERE title LIKE 'undone %'")" 0
operating=yes follow backup.md "The way back" 4
told "doctor, drift, files check --bytes and audit" "say that all is well"
operating=yes LECTERN_SMOKE_PASSWORD=$passphrase follow backup.md "The way back" 5 "http://127.0.0.1:8000" "http://127.0.0.1:${listens[a]}"
at_most "from the loss to a service that was proven and tried" "$(seconds_since "$began")" 600 s
exactly "whose access token of before the loss" "$(gql "${listens[a]}" "$(token)" '{ viewer { user { email } } }' | jq -r .viewer.user.email)" head@oak.example
exactly "files of before the moment" "$(downloads "${listens[a]}" "$notes") $(downloads "${listens[a]}" "$later")" "Crosswind Tailwind"
exactly "the file of after it" "$(gql "${listens[a]}" "$(token)" 'query($id: ID!) { file(id: $id) { id } }' "$(jq -cn --arg id "$undone" '{$id}')" | jq -c .file)" null

by backup.md "What is kept" "rows without bytes are found, and mended from the backup"
rm -f "$(find "$root/var/lib/lectern/files" -name '*_notes.txt')"
operate lectern files check >"$day/checked" 2>&1 && found="nothing, and passes" || found="$(sed -n 's/.* has no bytes: .*_//p' "$day/checked"), and fails"
cat "$day/checked" >>"$log"
exactly "files check, of a file whose bytes are gone, finds" "$found" "notes.txt, and fails"
follow backup.md "The way back" 3
operate lectern files check --bytes >>"$log" 2>&1
