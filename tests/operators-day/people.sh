# Those who use the deployment, and what its database holds of them.

people=$day/people
mkdir "$people"

# A document, as whoever a token is of: gql PORT TOKEN QUERY [VARIABLES]; prints its data
gql() {
    local answer headers=(-H 'content-type: application/json') variables=${4:-}
    [ -z "$2" ] || headers+=(-H "authorization: Bearer $2")
    [ -n "$variables" ] || variables='{}'
    answer=$(jq -cn --arg query "$3" --argjson variables "$variables" '{$query, $variables}' |
        curl -sS -m 60 "${headers[@]}" --data-binary @- "http://127.0.0.1:$1/graphql")
    jq -e '.errors == null' <<<"$answer" >/dev/null || fail "refused: $3: $answer"
    jq -c .data <<<"$answer"
}

# A sign-in: signs_in PORT SCHOOL EMAIL PASSWORD; prints the session
signs_in() {
    gql "$1" "" 'mutation($i: LoginInput!) { login(input: $i) { accessToken refreshToken } }' \
        "$(jq -cn --arg tenant "$2" --arg email "$3" --arg password "$4" '{i: {$tenant, $email, $password}}')" | jq -c .login
}

# The access token of the one who stays signed in all day.
token() { jq -r .accessToken "$people/session.json"; }

# A file, uploaded as a client does it: uploads PORT NAME TEXT; prints its id
uploads() {
    local begun file=$day/upload headers=() name value
    printf '%s' "$3" >"$file"
    begun=$(gql "$1" "$(token)" 'mutation($i: CreateUploadInput!) { createUpload(input: $i) { id url headers { name value } } }' \
        "$(jq -cn --arg name "$2" --arg sha256 "$(sha256sum <"$file" | cut -c1-64)" --argjson size "$(stat -c %s "$file")" \
            '{i: {$name, contentType: "text/plain", $size, $sha256}}')" | jq -c .createUpload)
    while IFS=$'\t' read -r name value; do headers+=(-H "$name: $value"); done < <(jq -r '.headers[] | [.name, .value] | @tsv' <<<"$begun")
    curl -sS -f -o "$day/uploaded" -X PUT "${headers[@]}" --data-binary "@$file" "$(jq -r .url <<<"$begun")"
    gql "$1" "$(token)" 'mutation($id: ID!) { completeUpload(id: $id) { id } }' "$(jq -c '{id}' <<<"$begun")" | jq -r .completeUpload.id
}

# What is in a file: downloads PORT ID
downloads() {
    curl -sS -f "$(gql "$1" "$(token)" 'query($id: ID!) { file(id: $id) { download { url } } }' "$(jq -cn --arg id "$2" '{$id}')" | jq -r .file.download.url)"
}

# People at work until people_end: people_begin WRITERS READERS PREFIX PORT...
people_begin() {
    rm -f "$people/counts"
    sent_to "${@:4}"
    started people node "$here/load.mjs" people "$people" "$1" "$2" "$3"
    until_done 30 "the first count" test -s "$people/counts"
}
people_end() { stopped people; }

# Where a balancer sends them: sent_to PORT...
sent_to() {
    printf 'http://127.0.0.1:%s\n' "$@" >"$people/services.new"
    mv "$people/services.new" "$people/services"
}

# A count of those who are at work, or were: count NAME
count() { sed -n "s/^$1=//p" "$people/counts"; }

# Whether each of those who are at work has begun another request since a moment (ms), so that the one before it is answered: all_since MS
all_since() { awk -F = -v since="$1" '/^began_/ { people++; if ($2 <= since) late = 1 } END { exit late || !people }' "$people/counts"; }

# Waits until so many more have succeeded: until_more NAME COUNT
until_more() {
    local before
    before=$(count "$1")
    until_done 60 "$2 more $1" more_than "$1" $((before + $2 - 1))
}
more_than() { [ "$(count "$1")" -gt "$2" ]; }

now_ms() { date +%s%3N; }

# What a superuser asks: sql MACHINE QUERY [DATABASE]
sql() { psql -X -q -At -v ON_ERROR_STOP=1 -h "$day/$1/run" -p "${ports[$1]}" -U postgres -d "${3:-lectern}" -c "$2"; }

# The id of a school: school MACHINE SLUG
school() { sql "$1" "SELECT tenant_id FROM tenant WHERE slug = '$2'"; }

# Titles of acknowledged writes that are not there, or twice: missing MACHINE PREFIX; their number
missing() {
    sql "$1" "SELECT title FROM course WHERE title LIKE '$2 %' GROUP BY title HAVING count(*) = 1" | sort >"$day/there"
    awk -F '\t' -v prefix="$2 " '$1 == "acknowledged" && index($2, prefix) == 1 { print $2 }' "$people/ledger" | sort | comm -23 - "$day/there" | wc -l
}

# A hash of all rows of each table of some schools; counters that no backup holds are left out: fingerprint MACHINE ID...
fingerprint() {
    local on=$1 schools
    shift
    schools=$(printf "''%s''," "$@")
    schools=${schools%,}
    psql -X -q -At -v ON_ERROR_STOP=1 -h "$day/$on/run" -p "${ports[$on]}" -U postgres -d lectern <<SQL
SELECT format('SELECT %L || tenant_id, count(*), md5(string_agg(x::text, %L ORDER BY x::text)) FROM public.%I x WHERE tenant_id IN ($schools) GROUP BY tenant_id ORDER BY 1',
    c.relname || ' of ', '|', c.relname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p' ORDER BY c.relname
\gexec
SQL
}
