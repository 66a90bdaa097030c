# schools.md: a school leaves for another deployment, with the same ids.

part "a school moves to another deployment"
asked=$(gql "${listens[a]}" "$(token)" 'mutation { exportTenant { id } }' | jq -r .exportTenant.id)
exported() {
    gql "${listens[a]}" "$(token)" '{ tenantExports { nodes { id state sha256 file { download { url } } } } }' |
        jq -e --arg id "$asked" '.tenantExports.nodes[] | select(.id == $id and .state == "DONE")' >"$day/export"
}
until_done 120 "the export" exported
curl -sS -f -o "$day/oak-export.tar.gz" "$(jq -r .file.download.url "$day/export")"
[ "$(sha256sum <"$day/oak-export.tar.gz" | cut -c1-64)" = "$(jq -r .sha256 "$day/export")" ] || fail "the archive is not what its export says"

seen='{ courses(first: 50) { totalCount nodes { id title createdAt } } users { nodes { id name email status } } files { nodes { id name size sha256 folder } }
    reports { overview { users courses publishedCourses groups enrollments bookings } } }'
# An export does not hold itself.
sees() { gql "$1" "$(token)" "$seen" | jq -S '.files.nodes |= map(select(.folder != "exports"))'; }
sees "${listens[a]}" >"$day/seen-there"
# Another deployment: a machine, a database, keys and a school of its own.
installed d
new_cluster
follow install.md "The database" 1
set_up d
follow install.md "The settings" 3 "slug oak" "slug fir" "Oak School" "Fir School" "head@oak.example" "head@fir.example"
signs_in "${listens[d]}" fir head@fir.example "$passphrase" >"$day/fir.json"
began=$EPOCHREALTIME
operating=yes follow schools.md "A school comes from another deployment" 1 " oak-export.tar.gz" " $day/oak-export.tar.gz"
told "the import, tried first" "$(seconds_since "$began") s"
by schools.md "A school comes from another deployment" "files check --bytes, tenant list; people set a password by a mailed link"
operate lectern files check --bytes >>"$log" 2>&1
operate lectern tenant list >>"$log" 2>&1
gql "${listens[d]}" "" 'mutation($i: RequestPasswordResetInput!) { requestPasswordReset(input: $i) }' '{"i": {"tenant": "oak", "email": "head@oak.example"}}' >>"$log"
# Lines of a mail end where they are full.
link_of() {
    find "$root/var/lib/lectern/outbox" -type f -exec cat {} + | tr -d '\r' | sed -e ':all' -e '/=$/{N;s/=\n//;ball}' | grep -oE 'link_[A-Za-z0-9_.-]+' | head -n 1
}
has_link() { [ -n "$(link_of)" ]; }
until_done 60 "the mail" has_link
gql "${listens[d]}" "" 'mutation($i: ResetPasswordInput!) { resetPassword(input: $i) }' \
    "$(jq -cn --arg token "$(link_of)" --arg new "$passphrase" '{i: {token: $token, newPassword: $new}}')" >>"$log"
signs_in "${listens[d]}" oak head@oak.example "$passphrase" >"$people/session.json"
sees "${listens[d]}" >"$day/seen-here"
exactly "lines of ids, people, files and reports that differ" "$(diff "$day/seen-there" "$day/seen-here" | grep -c '^[<>]' || true)" 0
exactly "a file of the school, with its bytes" "$(downloads "${listens[d]}" "$notes")" Crosswind
