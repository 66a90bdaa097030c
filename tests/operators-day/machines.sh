# The machines: folders, each with what lies in /etc, /usr and /var of one. What only a real machine has (systemd, users) stands in here, and does the
# same with the files that the pages install.

# Free ports: five servers of PostgreSQL, listeners, metrics, PgDog. They lie below those that the kernel gives away by itself (from 32768 on), so that
# nobody else has one before it is listened at.
read -r -a free < <(node -e '
    const net = require("net"), all = [];
    const next = () => {
        if (all.length === 14) {
            console.log(all.map((one) => one.address().port).join(" "));
            return all.forEach((one) => one.close());
        }
        const one = net.createServer().on("error", next);
        one.listen(20000 + Math.floor(Math.random() * 12000), "127.0.0.1", () => (all.push(one), next()));
    };
    next();')
declare -A ports=([a]=${free[0]} [b]=${free[1]} [c]=${free[2]} [d]=${free[3]} [e]=${free[4]})
declare -A listens=([a]=${free[5]} [a2]=${free[6]} [a3]=${free[7]} [a4]=${free[8]} [d]=${free[9]})
declare -A metrics=([a]=${free[10]} [a2]=${free[11]} [d]=${free[12]})
front=${free[13]}

# Whose servers of PostgreSQL are: it refuses to be root's.
account="" becomes=()
if [ "$(id -u)" = 0 ]; then
    account=postgres
    id -u postgres >/dev/null 2>&1 || account=nobody
    becomes=(setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups --)
fi
as_postgres() { (cd / && exec "${becomes[@]}" env HOME=/nonexistent "$@"); }
to_postgres() { [ -z "$account" ] || command chown -R "$account": "$@"; }

# The passwords of replication, where libpq looks for them.
printf '*:*:*:backup:%s\n*:*:*:replicator:%s\n*:*:admin:admin:%s\n' "$(password backup)" "$(password replicator)" "$(password admin)" >"$day/pgpass"
chmod 600 "$day/pgpass"
to_postgres "$day/pgpass"

# The machine that is worked at from now on, made where it is not there: at NAME
at() {
    machine=$1 root=$day/$1 where=$day/$1/root
    if [ ! -d "$root" ]; then
        mkdir -p "$root"/{root,run,log,usr/local/bin,etc/systemd/system,etc/pgdog,var/lib/postgresql/17}
        to_postgres "$root/run" "$root/var/lib/postgresql"
    else
        local release
        for release in "$root"/root/lectern-*/; do
            [ ! -d "$release" ] || where=${release%/}
        done
    fi
    data=$root/var/lib/postgresql/17/main
}

# What a package of PostgreSQL does when it is installed.
new_cluster() {
    as_postgres initdb --pgdata "$data" --username postgres --encoding UTF8 --auth-local trust --auth-host scram-sha-256 --no-instructions >>"$log" 2>&1
    systemctl start postgresql
}

# --- stand-ins; inside of a machine they do what the real ones do, with its folders ---

useradd() { :; }

install() {
    local arguments=() owner=""
    while [ $# -gt 0 ]; do
        case $1 in
        -g) shift ;;
        -o) shift; owner=$1 ;;
        *) arguments+=("$1") ;;
        esac
        shift
    done
    command install "${arguments[@]}"
    [ "$owner" != postgres ] || to_postgres "${arguments[-1]}"
}

chown() {
    case "$*" in
    *postgres:*) to_postgres "${!#}" ;;
    *) : ;; # the service runs as whoever plays the day
    esac
}

# runuser -u lectern -- COMMAND...: likewise
runuser() { shift 3 && "$@"; }

systemctl() {
    local unit=${!#}
    case "$1 $unit" in
    daemon-reload*) ;;
    "start postgresql") postgres_starts ;;
    "restart postgresql") postgres_ends INT && postgres_starts ;;
    "stop postgresql") postgres_ends INT ;;
    "enable lectern" | "start lectern") service_starts lectern ;;
    "restart lectern") service_ends lectern && service_starts lectern ;;
    "stop lectern") service_ends lectern ;;
    *) fail "there is no stand-in for: systemctl $*" ;;
    esac
}

# The program that was installed. A password is typed.
lectern() {
    case "${1:-} ${2:-}" in
    "tenant create" | "desk add-admin") printf '%s\n' "$passphrase" | "$root/usr/local/bin/lectern" "$@" ;;
    "health "*)
        # Who waits for a service that has ended, or that has not come in two minutes, waits for ever.
        "$root/usr/local/bin/lectern" "$@" </dev/null || { is_coming && return 1 || exit 1; }
        ;;
    *) "$root/usr/local/bin/lectern" "$@" </dev/null ;;
    esac
}
is_coming() { lives "$(cat "$root/run/lectern.service")" && [ $(($(date +%s) - $(stat -c %Y "$root/run/lectern.service"))) -lt 120 ]; }
passphrase="quiet $(password passphrase) kites"

settings_of_operator() {
    set -a
    . "$root/etc/lectern/lectern.env"
    . "$root/etc/lectern/operator.env"
    set +a
}

# A command as the operator of this machine: operate COMMAND...
operate() (
    settings_of_operator
    export PGPASSFILE=$day/pgpass
    cd "$where"
    "$@"
)

# --- processes ---

# Whether a process is there; one that nobody has waited for is not.
lives() { case "$(ps -o stat= -p "$1" 2>/dev/null)" in "" | Z*) return 1 ;; esac; }
is_gone() { ! lives "$1"; }

# Waits until one has ended, and forgets its number, which may be another's from then on: has_ended WHAT PID
has_ended() {
    until_done 60 "the end of $1" is_gone "$2"
    sed -i "/ $2\$/d" "$pids"
}

# The server of the machine's cluster, at its own port: postgres_starts [NAME=VALUE]
postgres_starts() {
    (
        cd /
        exec "${becomes[@]}" env HOME=/nonexistent setsid postgres -D "$data" -p "${ports[$machine]}" -k "$root/run" -c listen_addresses=127.0.0.1 \
            -c shared_buffers=64MB -c dynamic_shared_memory_type=mmap ${1:+-c "$1"}
    ) </dev/null >>"$root/log/postgresql.log" 2>&1 &
    echo "postgres $!" >>"$pids"
    disown "$!" # nobody is told how it ended
    until_done 60 "PostgreSQL of $machine" psql -X -q -h "$root/run" -p "${ports[$machine]}" -U postgres -d postgres -c ''
}

# INT ends it in order; KILL kills all of its processes at once.
postgres_ends() {
    local first children segment
    first=$(head -n 1 "$data/postmaster.pid")
    segment=$(awk 'NR == 7 { print $2 }' "$data/postmaster.pid")
    children=$(ps -o pid= --ppid "$first")
    if [ "$1" = KILL ]; then
        # shellcheck disable=SC2086
        kill -KILL "$first" $children 2>/dev/null || true
    else
        kill "-$1" "$first"
    fi
    has_ended "PostgreSQL of $machine" "$first"
    [ "$1" = KILL ] || return 0
    # What one that was killed leaves: its segment in the kernel, and its name, as long as nobody has asked how it ended. PostgreSQL takes that for a
    # server that runs.
    ipcrm -m "$segment" 2>/dev/null || true
    for _ in $(seq 50); do
        ps -p "$first" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    rm -f "$data/postmaster.pid"
}

# What systemd does by the unit that was installed: service_starts NAME [LISTEN [METRICS]]
service_starts() {
    local unit=$root/etc/systemd/system/lectern.service program environment
    program=$(sed -n 's/^ExecStart=//p' "$unit")
    environment=$(sed -n 's/^Environment=//p' "$unit")
    mkdir -p -m 0700 "$root/var/lib/lectern"
    (
        cd "$root/var/lib/lectern"
        unset LECTERN_OWNER_URL LECTERN_PLATFORM_URL PGHOST PGPORT PGUSER PGDATABASE PGPASSFILE
        set -a
        eval "${environment//\/var\//$root/var/}"
        . "$root/etc/lectern/lectern.env"
        [ -z "${2:-}" ] || LECTERN_LISTEN=127.0.0.1:$2
        [ -z "${2:-}" ] || LECTERN_METRICS_LISTEN=${3:+127.0.0.1:$3}
        [ -n "${LECTERN_METRICS_LISTEN:-}" ] || unset LECTERN_METRICS_LISTEN
        set +a
        # shellcheck disable=SC2086
        exec setsid "$root"$program
    ) </dev/null >>"$root/log/$1.log" 2>&1 &
    echo "$!" >"$root/run/$1.service"
    echo "service $!" >>"$pids"
    disown "$!"
}

service_ends() {
    local pid
    pid=$(cat "$root/run/$1.service")
    kill -TERM "$pid" 2>/dev/null || true
    has_ended "$1" "$pid"
}

# Waits until one is ready: ready PORT
ready() { until_done 60 "the service at $1" curl -sf -o "$day/ready" "http://127.0.0.1:$1/readyz"; }

# A process of the day's own, which ends with it: started NAME COMMAND...
started() {
    local name=$1
    shift
    "$@" </dev/null >>"$day/$name.log" 2>&1 &
    echo "$!" >"$day/$name.pid"
    echo "own $!" >>"$pids"
    disown "$!"
}
stopped() {
    local pid
    pid=$(cat "$day/$1.pid")
    kill -TERM "$pid" 2>/dev/null || true
    has_ended "$1" "$pid"
}

# The end of the day: each process that it started and that has not ended yet, by its number.
all_end() {
    local kind pid
    while read -r kind pid; do
        case $kind in
        # At once; nobody reads it again.
        postgres) lives "$pid" && kill -QUIT "$pid" 2>/dev/null ;;
        *) lives "$pid" && kill -KILL "$pid" 2>/dev/null ;;
        esac
    done <"$pids"
    while read -r kind pid; do
        for _ in $(seq 100); do
            lives "$pid" || break
            sleep 0.1
        done
        ! lives "$pid" || kill -KILL "$pid" 2>/dev/null
    done <"$pids"
}
