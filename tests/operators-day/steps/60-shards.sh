# shards.md: the deployment of the second machine gets another database beside it; a school is moved.

part "shards"
at e
where=$(echo "$day"/d/root/lectern-*/)
new_cluster
follow install.md "The database" 1

# PgDog, or what stands in for it, by the configuration of the page: what was founded before this moment lies on the first shard.
at d
pgdog_folder=$root/etc/pgdog
boundary=$(eval "$(block shards.md "Add a shard" 1 | sed 's/ + 3600000//')")
toml=$(filled "$(block shards.md "Set up" 1)" 'password = "…"' "password = \"$(password admin)\"" "0.0.0.0" "127.0.0.1" "port = 6432" "port = $front" \
    'host = "a.example"' "host = \"127.0.0.1\""$'\n'"port = ${ports[d]}" 'host = "b.example"' "host = \"127.0.0.1\""$'\n'"port = ${ports[e]}" \
    "01980000-0000-7000-8000-000000000000" "$boundary")
shown shards.md "Set up" "$toml" "» /etc/pgdog/base.toml"
printf '%s\n' "$toml" | tee "$pgdog_folder/base.toml" >"$pgdog_folder/pgdog.toml"
users=$(block shards.md "Set up" 2 | awk -v app="$(password lectern_app)" -v desk="$(password lectern_desk)" '
    /lectern_app/ { secret = app } /lectern_desk/ { secret = desk } { gsub(/…/, secret); print }')
printf '%s\n' "$users" >"$pgdog_folder/users.toml"
if [ -n "$pgdog" ]; then
    started pgdog "$pgdog" --config "$pgdog_folder/pgdog.toml" --users "$pgdog_folder/users.toml"
else
    started front node "$here/front.mjs" "$front" "$pgdog_folder/pgdog.toml" "$day/led" "$day/d/run/.s.PGSQL.${ports[d]}" "$day/e/run/.s.PGSQL.${ports[e]}"
fi
listens_there() { (exec 3<>"/dev/tcp/127.0.0.1/$front"); }
until_done 30 "what stands in front of the shards" listens_there

follow_settings shards.md "Set up" 3 "a.example:5432" "127.0.0.1:${ports[d]}" "b.example:5432" "127.0.0.1:${ports[e]}" "pgdog.example:6432" "127.0.0.1:$front"
by shards.md "Set up" "lectern migrate, then lectern doctor"
operate lectern migrate >>"$log" 2>&1
systemctl restart lectern
ready "${listens[d]}"
operate lectern doctor >>"$log" 2>&1
by shards.md "Day by day" "lectern tenant create asks where a new school would lie"
operate lectern tenant create --slug ash --name "Ash School" --admin-email head@ash.example >>"$log" 2>&1
exactly "schools of the first shard, and of the second" "$(sql d "SELECT string_agg(slug, ' ' ORDER BY slug) FROM tenant"), $(sql e "SELECT string_agg(slug, ' ' ORDER BY slug) FROM tenant")" "fir oak, ash"
signs_in "${listens[d]}" ash head@ash.example "$passphrase" >"$day/ash.json"
exactly "one service, two shards" "$(gql "${listens[d]}" "$(jq -r .accessToken "$day/ash.json")" '{ viewer { tenant { slug } } }' | jq -r .viewer.tenant.slug) \
$(gql "${listens[d]}" "$(token)" '{ viewer { tenant { slug } } }' | jq -r .viewer.tenant.slug)" "ash oak"

part "a school moves to another shard"
oak=$(school d oak)
fingerprint d "$oak" >"$day/before"
text=$(filled "$(block shards.md "Move a school" 2)" "host=pgdog.example port=6432" "host=127.0.0.1 port=$front")
shown shards.md "Move a school" "$text" "» place.sh"
printf '%s\n' "$text" >"$where/place.sh"
chmod +x "$where/place.sh"
people_begin 2 2 moving "${listens[d]}"
until_more acknowledged 10
operating=yes follow shards.md "Move a school" 1
until_more acknowledged 10
people_end
at_most "writes waited while the school moved" "$(tail -n 200 "$log" | sed -n 's/.*writes waited for \([0-9.]*\) s.*/\1/p' | tail -n 1)" 30 s
told "the slowest write that was acknowledged meanwhile" "$(count slowest) ms"
told "requests that failed as it went, and are to be tried again" "$(($(count failed) + $(count refused)))"
exactly "acknowledged writes that are lost" "$(missing e moving)" 0
fingerprint d "$oak" >"$day/left"
exactly "tables with rows of it that are left on the first shard" "$(wc -l <"$day/left")" 0
# What was written meanwhile is of few tables.
fingerprint e "$oak" >"$day/after"
at_least "tables that are the same, of $(wc -l <"$day/before")" "$(comm -12 <(sort "$day/before") <(sort "$day/after") | wc -l)" $(($(wc -l <"$day/before") - 8))
exactly "who is signed in still" "$(gql "${listens[d]}" "$(token)" '{ viewer { user { email } } }' | jq -r .viewer.user.email)" head@oak.example
operate lectern doctor >>"$log" 2>&1
operate lectern drift >>"$log" 2>&1
told "doctor and drift on both shards" "say that all is well"
if [ -n "$pgdog" ]; then
    told "PgDog in front" "$("$pgdog" --version 2>/dev/null | head -n 1)"
else
    . "$day/led"
    at_least "transactions led to each of the shards ($led)" "$(tr ' ' '\n' <<<"$led" | sort -n | sed -n 1p)" 1
    exactly "commands without a school's key" "$keyless" 0
    skipped "PgDog itself" "LECTERN_TEST_PGDOG is not set; a stand-in led by the same pgdog.toml"
fi
