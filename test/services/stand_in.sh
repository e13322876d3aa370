# shellcheck shell=bash
# stand_in.sh - PBS and LSF that are not the real ones, for `pbs` and `lsf` beside it: facility/shims/fakebatch.py of the test data, a
# batch system of our own that speaks their commands and really runs the scripts on this machine. Sourced after common.sh.
#
# The script sets COMMANDS, the names that are made in DIR/NAME/bin. It has no daemon: a job's runner is a session of its own, marked like
# every process of a service by XFELX_SERVICE, which clients carry too. "Away" is a setting: `fakectl set down 1`.
data=${XFELX_TEST_DATA:-$(dirname "$SELF")/../../../shared/data}

up() { PATH=$D/bin:$PATH XFELX_SHIM=$D/server fakectl get; }
start_all() {
    local name shim
    need python3 python3
    shim=$(readlink -f "$data/facility/shims/fakebatch.py")
    [ -r "$shim" ] || skip "needs facility/shims/fakebatch.py of the test data (XFELX_TEST_DATA)"
    mkdir -p "$D/bin" "$D/server"
    for name in $COMMANDS fakectl; do ln -sfn "$shim" "$D/bin/$name"; done
    eventually 5 up
}
stop_all() { PATH=$D/bin:$PATH XFELX_SHIM=$D/server timeout 15 fakectl stop >/dev/null 2>&1; }
variables() { printf '%s\n' "PATH=$D/bin:$PATH" "XFELX_SHIM=$D/server" "XFELX_SERVICE=$D"; }
logs() { :; }

# real_instead QUESTION: this machine's own scheduler; QUESTION is its command that answers when it is up.
real_instead() {
    question=$1
    up() { timeout 10 "$question"; }
    start_all() { command -v "$question" >/dev/null || skip "$question is not installed"; }
    stop_all() { :; }
    variables() { echo "PATH=$PATH"; }
}
