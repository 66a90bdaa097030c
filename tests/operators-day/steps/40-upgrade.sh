# failover.md, "An upgrade": the schema while the version before serves, then one process after the other. Then keys.md, likewise.

# Takes one process out of the balancer, when another is there: out OLD STAYS_PORT...
out() {
    sent_to "${@:2}"
    # Whoever had chosen it already is answered first.
    until_done 60 "everybody's next request" all_since "$(now_ms)"
    service_ends "$1"
    until_more acknowledged 5
}

part "upgraded"
people_begin 3 3 upgrade "${listens[a]}" "${listens[a2]}"
until_more answered 30
by failover.md "An upgrade" "psql -f sql/roles.sql"
(cd "$where" && psql -X -q -h "$day/$new/run" -p "${ports[$new]}" -U postgres -d postgres -f sql/roles.sql) >>"$log" 2>&1
by failover.md "An upgrade" "lectern migrate, while the version before serves"
operate lectern migrate >>"$log" 2>&1
until_more answered 30
by failover.md "An upgrade" "one process after the other"
service_starts third "${listens[a3]}"
ready "${listens[a3]}"
out lectern "${listens[a2]}" "${listens[a3]}"
service_starts lectern "${listens[a]}" "${metrics[a]}"
ready "${listens[a]}"
out second "${listens[a]}" "${listens[a3]}"
people_end
at_least "requests meanwhile" "$(($(count acknowledged) + $(count answered)))" 100
exactly "requests that failed" "$(($(count failed) + $(count refused) + $(count unanswered)))" 0

part "keys"
# A setting in place of what it was; and what it is.
set_key() { sed -i "s#^$1=.\\+#$1=$2#" "$root/etc/lectern/lectern.env"; }
key_of() { sed -n "s/^$1=\\(.\\+\\)/\\1/p" "$root/etc/lectern/lectern.env" | tail -n 1; }
# Every service is restarted, one after the other.
restarted() {
    out lectern "${listens[a3]}"
    service_starts lectern "${listens[a]}" "${metrics[a]}"
    ready "${listens[a]}"
    out third "${listens[a]}"
    service_starts third "${listens[a3]}"
    ready "${listens[a3]}"
    sent_to "${listens[a]}" "${listens[a3]}"
}
kids() { curl -sS -f "http://127.0.0.1:$1/.well-known/jwks.json" | jq -r '[.keys[].kid] | join(" ")'; }

people_begin 2 2 keys "${listens[a]}" "${listens[a3]}"
before=$(token)
old=$(key_of LECTERN_SIGNING_KEY) fresh=$(lectern key)
first=$(kids "${listens[a]}")
by keys.md "Rotate the key that signs" "1. OLD,NEW, and every service is restarted"
set_key LECTERN_SIGNING_KEY "$old,$fresh"
restarted
read -r one other_kid <<<"$(kids "${listens[a]}")"
exactly "keys that are shown, the old one first" "$([ "$one" = "$first" ] && [ -n "$other_kid" ] && echo 2)" 2
by keys.md "Rotate the key that signs" "2. NEW,OLD"
set_key LECTERN_SIGNING_KEY "$fresh,$old"
restarted
exactly "whose access token is of the old key" "$(gql "${listens[a]}" "$before" '{ viewer { user { email } } }' | jq -r .viewer.user.email)" head@oak.example
by keys.md "Rotate the key that signs" "3. NEW, at once, as if the old one were known to others"
set_key LECTERN_SIGNING_KEY "$fresh"
restarted
until_more acknowledged 10
until_more answered 10
people_end
exactly "the old key's access token, without the old key" "$(gql "${listens[a]}" "$before" '{ viewer { user { email } } }' | jq -c .viewer)" null
at_least "sessions that went on by their refresh token" "$(count refreshed)" 1
exactly "requests that failed, of people who stayed signed in" "$(($(count failed) + $(count refused) + $(count unanswered)))" 0

type=$(gql "${listens[a]}" "$(token)" '{ webhookEventTypes { name } }' | jq -r '[.webhookEventTypes[].name | select(startswith("booking"))][0]')
gql "${listens[a]}" "$(token)" 'mutation($i: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $i) { id } }' \
    "$(jq -cn --arg type "$type" '{i: {url: "https://hooks.example/day", eventTypes: [$type]}}')" >>"$log"
sealed() { operate lectern doctor --json >"$day/doctor" && jq -r '.checks[] | select(.subject == "sealed values") | .detail' "$day/doctor"; }
people_begin 2 2 seals "${listens[a]}" "${listens[a3]}"
old=$(key_of LECTERN_SECRET_KEYS) fresh=$(lectern key --secret)
for keys in "$old,$fresh" "$fresh,$old"; do
    by keys.md "Rotate the keys that seal" "$([ "${keys#"$old"}" = "$keys" ] && echo "2. NEW,OLD" || echo "1. OLD,NEW")"
    set_key LECTERN_SECRET_KEYS "$keys"
    restarted
done
exactly "sealed values, before" "$(sealed | cut -d : -f 1)" "all open, 1 by an older key"
by keys.md "Rotate the keys that seal" "3. lectern keys reseal"
operate lectern keys reseal >>"$log" 2>&1
by keys.md "Rotate the keys that seal" "4. NEW"
set_key LECTERN_SECRET_KEYS "$fresh"
restarted
people_end
exactly "sealed values, without the old key" "$(sealed)" "all open, by the first key"
exactly "requests that failed meanwhile" "$(($(count failed) + $(count refused) + $(count unanswered)))" 0
