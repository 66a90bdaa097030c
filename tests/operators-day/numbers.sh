# What is measured, and how the day ends.

step="" finished="" day_began=$EPOCHREALTIME

# A part of the day: part NAME
part() {
    step=$1
    printf '\n%s  (%s s)\n' "$step" "$(seconds_since "$day_began")"
}

fail() {
    echo "operators-day: $*" >&2
    exit 1
}

# A number for the table: measured WHAT VALUE ASKED PASSED
measured() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$step" "$1" "$2" "$3" "$4" >>"$table"
    printf '  → %s: %s (%s) %s\n' "$1" "$2" "$3" "$4"
}

# Fails the day, and goes on: at_most WHAT VALUE LIMIT [UNIT], at_least likewise, exactly WHAT VALUE ASKED
at_most() { measured "$1" "$2${4:+ $4}" "at most $3${4:+ $4}" "$(compare "$2" '<=' "$3")"; }
at_least() { measured "$1" "$2${4:+ $4}" "at least $3${4:+ $4}" "$(compare "$2" '>=' "$3")"; }
exactly() { measured "$1" "$2" "$3" "$([ "$2" = "$3" ] && echo passed || echo FAILED)"; }
told() { measured "$1" "$2" "" "measured"; }
skipped() { measured "$1" "$2" "" SKIPPED; }
compare() {
    # What nobody measured does not pass.
    [[ $1 =~ ^[0-9]+(\.[0-9]+)?$ ]] || { echo FAILED; return; }
    awk -v a="$1" -v b="$3" 'BEGIN { exit !(a '"$2"' b) }' && echo passed || echo FAILED
}

seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# Waits until a command succeeds: until_done SECONDS WHAT COMMAND...
until_done() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "$what: waited for in vain"
        sleep 0.05
    done
}

ended() {
    local code=$1 failed
    set +e
    exec >&3 # wherever it was that it ended
    trap - EXIT
    trap '' INT TERM
    if [ -z "$finished" ]; then
        [ "$code" != 0 ] || code=1
        printf '\nIt ended in "%s". The last of the log:\n' "${step:-the beginning}"
        tail -n 40 "$log"
        for said in "$day"/*/log/*.log; do
            [ -s "$said" ] || continue
            printf '\n%s\n' "${said#"$day/"}"
            tail -n 8 "$said" | cut -c1-400
        done
    fi
    # Where machines.sh has not come, nothing was started.
    [ ! -s "$pids" ] || all_end
    if [ -s "$table" ]; then
        printf '\n'
        (printf 'part\twhat\tmeasured\tasked\tresult\n'; cat "$table") | awk -F '\t' '
            { for (i = 1; i <= 5; i++) { cell[NR, i] = $i; if (length($i) > wide[i]) wide[i] = length($i) } }
            END { for (row = 1; row <= NR; row++) {
                for (i = 1; i <= 5; i++) printf "%-" wide[i] "s  ", (i == 1 && row > 1 && cell[row, 1] == cell[row - 1, 1]) ? "" : cell[row, i]
                printf "\n" } }' | sed 's/ *$//'
    fi
    failed=$(grep -c 'FAILED$' "$table")
    [ -n "$keep" ] && echo "the day lies in $day" || rm -rf "$day"
    if [ -n "$finished" ] && [ "$failed" = 0 ]; then
        printf '\nAll that ran passed, in %s s.\n' "$(seconds_since "$day_began")"
        exit 0
    fi
    printf '\n%s\n' "$([ -n "$finished" ] && echo "$failed failed." || echo "It did not come to its end.")"
    [ "$code" != 0 ] || code=1
    exit "$code"
}
