# shards.md: tests/day/day.js, an ordinary day of the two schools of the demo by a client that others wrote, with one of them on each shard.

part "a day of two schools, one on each shard"
at d
by shards.md "Day by day" "lectern seed, to the first shard"
operate lectern seed >>"$log" 2>&1
by shards.md "Move a school" "one of the two"
operate lectern tenant move bravo-academy --to 2 --switch ./place.sh >>"$log" 2>&1
if [ -d "$repo/tests/day/node_modules/graphql-request" ]; then
    node "$repo/tests/day/day.js" "http://127.0.0.1:${listens[d]}" >"$day/two-schools" 2>&1 || true
    cat "$day/two-schools" >>"$log"
    at_least "what passes in tests/day/day.js" "$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$day/two-schools")" 1
    exactly "what fails" "$(sed -n 's/.* passed, \([0-9]*\) failed$/\1/p' "$day/two-schools")" 0
else
    skipped "tests/day/day.js" "its client is not here: cd tests/day && npm ci"
fi
operate lectern doctor >>"$log" 2>&1
told "doctor on both shards" "says that all is well"
if [ -z "$pgdog" ]; then
    . "$day/led"
    exactly "commands without a school's key" "$keyless" 0
fi
