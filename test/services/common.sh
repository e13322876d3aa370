# shellcheck shell=bash
# common.sh - what the service scripts share. Sourced, not run; README.md beside it says how they are used.
#
# A script sets NAME and defines up (a question: does it answer?), start_all (start every daemon that is not running), stop_all (the
# gentle way), variables (NAME=VALUE lines for clients), logs (files worth reading after a failure), then calls service "$@".
#
# Every daemon carries XFELX_SERVICE=DIR/NAME in its environment, and so does what it starts: stop finds by it whatever survived the
# gentle way (a job's shell, a supervisor that forked), and never touches another instance.
set -u
export LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() { say "$*"; exit 1; }

# skip REASON: the servers cannot run here. 77 is what automake's and meson's test drivers call skipped.
skip() {
    say "SKIP $*"
    [ -z "${BASE:-}" ] || give_ports_back
    exit 77
}

# need PACKAGE PROGRAM...: skips with the name of the Debian package when a program is not there.
need() {
    local package=$1 program
    shift
    for program; do
        command -v "$program" >/dev/null 2>&1 || skip "needs Debian's $package ($program is not installed)"
    done
}

# eventually SECONDS COMMAND...: polls ten times a second until the command succeeds.
eventually() {
    local left=$(($1 * 10))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# spawn DAEMON COMMAND...: in the background, a session of its own, log/DAEMON.out, run/DAEMON.pid. Nothing when it runs already.
spawn() {
    local daemon=$1
    shift
    alive "$D/run/$daemon.pid" && return 0
    XFELX_SERVICE=$D setsid "$@" </dev/null >>"$D/log/$daemon.out" 2>&1 9>&- &
    echo $! >"$D/run/$daemon.pid"
}

# end PIDFILE [SECONDS]: TERM, then KILL, of the one process named in our own file.
end() {
    local pid left=$((${2:-10} * 10))
    if alive "$1"; then
        pid=$(cat "$1")
        kill "$pid" 2>/dev/null
        while kill -0 "$pid" 2>/dev/null; do
            left=$((left - 1))
            [ $left -gt 0 ] || { kill -9 "$pid" 2>/dev/null; break; }
            sleep 0.1
        done
    fi
    rm -f "$1"
}

# processes: ids of all that carry our mark, but this script and the guard that may be calling it.
processes() {
    local file pid
    for file in /proc/[0-9]*/environ; do
        pid=${file#/proc/}
        pid=${pid%/environ}
        [ "$pid" != $$ ] && grep -qzxF "XFELX_SERVICE=$D" "$file" 2>/dev/null && echo "$pid"
    done
}

sweep() {
    local pids
    for _ in 1 2 3 4 5; do
        pids=$(processes)
        [ -n "$pids" ] || return 0
        # shellcheck disable=SC2086
        kill -9 $pids 2>/dev/null
        sleep 0.2
    done
    die "cannot end process $pids"
}

# Ports: a block of 16 below the range from which the kernel takes ports of outgoing connections. A block is claimed by a symbolic
# link, whose making is atomic: two CI runs at once never share one. A claim whose folder is gone is void. Sets BASE; kept from start
# to start as long as nobody else took the block meanwhile.
claims=/tmp/xfelx-ports-$(id -u)
claim() {
    local link
    link=$claims/$1
    mkdir -p "$claims"
    [ "$(readlink "$link" 2>/dev/null)" = "$D" ] && return 0
    [ -L "$link" ] && [ ! -d "$link/" ] && rm -f "$link"
    ln -sn "$D" "$link" 2>/dev/null
}
unused() {
    local port
    for ((port = $1; port < $1 + 16; port++)); do
        ! listens "$port" || return 1
    done
}
take_ports() {
    BASE=$(cat "$D/run/ports" 2>/dev/null)
    [ -z "$BASE" ] || { claim "$BASE" && return 0; }
    for _ in {1..200}; do
        BASE=$((12000 + RANDOM % 1200 * 16))
        claim "$BASE" || continue
        unused "$BASE" && { echo "$BASE" >"$D/run/ports"; return 0; }
        rm -f "$claims/$BASE"
    done
    die "no free block of 16 ports on 127.0.0.1"
}
give_ports_back() { [ "$(readlink "$claims/$BASE" 2>/dev/null)" != "$D" ] || rm -f "$claims/$BASE"; }

# With XFELX_SERVICE_OWNER=PID a guard waits for the end of that process, however it ended, and stops the service.
guard() {
    [ -n "${XFELX_SERVICE_OWNER:-}" ] && ! alive "$D/run/guard.pid" || return 0
    # shellcheck disable=SC2016
    setsid bash -c 'tail --pid="$0" -s 0.5 -f /dev/null; exec "$1" stop "$2"' "$XFELX_SERVICE_OWNER" "$SELF" "${D%/*}" \
        </dev/null >/dev/null 2>&1 9>&- &
    echo $! >"$D/run/guard.pid"
}
end_guard() {
    local pid
    if alive "$D/run/guard.pid"; then
        pid=$(cat "$D/run/guard.pid")
        [ "$pid" = $$ ] || kill -- "-$pid" 2>/dev/null
    fi
    rm -f "$D/run/guard.pid"
}

show_logs() {
    local file
    for file in $(logs); do
        [ -s "$file" ] || continue
        echo "---- $file" >&2
        tail -n 15 "$file" >&2
    done
}

do_start() {
    mkdir -p "$D"/{etc,log,run} || die "cannot make $D"
    exec 9>"$D/run/lock"
    flock 9
    take_ports
    start_all || { show_logs; do_stop; die "did not start; logs above"; }
    guard
    variables
}

do_stop() {
    [ -d "$D/run" ] || return 0
    end_guard
    BASE=$(cat "$D/run/ports" 2>/dev/null || echo 0)
    stop_all
    sweep
    rm -f "$D"/run/*.pid
    give_ports_back
}

service() {
    [ $# -ge 2 ] || { echo "usage: ${SELF##*/} start|stop|status|kill|logs DIR [DAEMON]" >&2; exit 2; }
    case $2 in /*) D=$2/$NAME ;; *) D=$PWD/$2/$NAME ;; esac
    # a socket's path has room for 107 bytes; names with blanks cannot be written into the servers' configurations
    [ ${#D} -le 80 ] || die "the path $D is longer than 80 bytes: sockets in it could not be opened"
    case $D in *[!A-Za-z0-9_./+-]*) die "the path $D has characters that the servers' configurations cannot hold" ;; esac
    BASE=$(cat "$D/run/ports" 2>/dev/null || echo 0)
    case $1 in
    start) do_start ;;
    stop) do_stop ;;
    status) [ -d "$D/run" ] && up >/dev/null 2>&1 && variables || { echo "stopped" >&2; exit 3; } ;;
    kill) if [ $# -ge 3 ]; then kill_one "$3"; else sweep; rm -f "$D"/run/*.pid; fi ;;
    logs) show_logs ;;
    *) more_verbs "$@" || { echo "${SELF##*/}: no such verb: $1" >&2; exit 2; } ;;
    esac
}

# What a script may define anew.
kill_one() { alive "$D/run/$1.pid" && kill -9 "$(cat "$D/run/$1.pid")"; rm -f "$D/run/$1.pid"; }
more_verbs() { return 1; }
SELF=$(readlink -f "$0")
