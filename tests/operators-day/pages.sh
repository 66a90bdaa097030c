# The pages of docs/operations: what they say is what is run.

pages=$repo/docs/operations

# The N-th fenced block of a section, without its indentation: block PAGE SECTION N
block() {
    awk -v section="$2" -v wanted="$3" '
        /^ *```/ {
            if (!fenced) { fenced = 1; match($0, /^ */); indent = RLENGTH; if (inside) number++; shown = inside && number == wanted }
            else { fenced = 0; if (shown) { found = 1; exit } }
            next
        }
        fenced { if (shown) print substr($0, match($0, /[^ ]/) > indent ? indent + 1 : 1); next }
        /^#+ / { title = $0; sub(/^#+ /, "", title); inside = title == section; number = 0 }
        END { exit !found }' "$pages/$1" || fail "$1 has no block $3 under \"$2\""
}

# A text of a page with what stands for something else replaced by what it is here: filled TEXT [FROM TO]...
# Each FROM must be there, no blank may be left, and folders are those of the machine that is worked at.
filled() {
    local text=$1 role
    shift
    while [ $# -gt 0 ]; do
        [[ $text == *"$1"* ]] || fail "\"$1\" is not in what was to be followed: $text"
        text=${text//"$1"/"$2"}
        shift 2
    done
    for role in lectern_owner lectern_app lectern_platform lectern_desk backup replicator; do
        text=${text//"$role:…@"/"$role:$(password "$role")@"}
        text=${text//"ROLE $role PASSWORD '…'"/"ROLE $role PASSWORD '$(password "$role")'"}
        text=${text//"ROLE $role LOGIN REPLICATION PASSWORD '…'"/"ROLE $role LOGIN REPLICATION PASSWORD '$(password "$role")'"}
        text=${text//"user=$role password=…"/"user=$role password=$(password "$role")"}
    done
    [[ $text != *…* ]] || fail "nobody says what stands for … in: $text"
    sed -E "s#(^|[ '\"=])/(var|etc|usr)/#\1$root/\2/#g; s#(^|[ '\"=])/backup\b#\1$day/backup#g" <<<"$text"
}

# Shows and runs a block of a page at the machine that is worked at: follow PAGE SECTION N [FROM TO]...
# With `operating=yes` before it, as somebody who has read both files of settings.
follow() {
    local text
    text=$(block "$1" "$2" "$3")
    text=$(filled "$text" "${@:4}")
    shown "$1" "$2" "$text"
    (
        cd "$where"
        export PGHOST=$root/run PGPORT=${ports[$machine]} PGUSER=postgres PGDATABASE=postgres PGPASSFILE=$day/pgpass
        set -euo pipefail
        if [ -n "${operating:-}" ]; then settings_of_operator; fi
        eval "$text"
    ) >>"$log" 2>&1
}

# The same as the user of PostgreSQL's servers.
follow_as_postgres() {
    local text
    text=$(block "$1" "$2" "$3")
    text=$(filled "$text" "${@:4}")
    shown "$1" "$2" "$text"
    as_postgres env "PGPASSFILE=$day/pgpass" bash -euc "$text" >>"$log" 2>&1
}

# What a page says of a file goes to the end of that file: follow_into FILE PAGE SECTION N [FROM TO]...
follow_into() {
    local text
    text=$(block "$2" "$3" "$4")
    text=$(filled "$text" "${@:5}")
    shown "$2" "$3" "$text" "» ${1#"$day/"}"
    printf '%s\n' "$text" >>"$1"
}

# The same for settings, of which the operator's alone go into a file of their own.
follow_settings() {
    local text
    text=$(block "$1" "$2" "$3")
    text=$(filled "$text" "${@:4}")
    shown "$1" "$2" "$text" "» /etc/lectern"
    grep -Ev '^(#|LECTERN_(OWNER|PLATFORM)_URL=)' <<<"$text" >>"$root/etc/lectern/lectern.env" || true
    grep -E '^LECTERN_(OWNER|PLATFORM)_URL=' <<<"$text" >>"$root/etc/lectern/operator.env" || true
}

# What is done by words of a page that are no block, so that it can be looked up: by PAGE SECTION WHAT
by() {
    grep -qE "^#+ $2\$" "$pages/$1" || fail "$1 has no section \"$2\""
    echo "  $1, $2: $3"
    echo "== $1, $2: $3" >>"$log"
}

shown() {
    echo "  $1, $2${4:+ $4}"
    echo "== $1, $2" >>"$log"
    # Keys and passwords are of this day alone; nobody needs to see them all the same.
    sed -E "s/(KEYS?=).*/\1…/; s/[0-9a-f]{24}/…/g; s#$day/##g; s/^/      /" <<<"$3" | cut -c1-180
}

# The password of a role: the same throughout the day.
password() {
    printf '%s of %s' "$1" "$day" | sha256sum | cut -c1-24
}
