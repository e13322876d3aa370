# Made by xfelx for one attempt; an attempt is never run twice. Records of its begin and end stand beside it (see the manual).
umask 022
attempt=@attempt@
record=@record@
program=@program@
folder=@folder@
log=@log@
begun=$(date +%s) step=copy signal=0

# key=value lines appear whole or not at all
write_record() {
    { echo "xfelx-$1 1"; echo "attempt=$attempt"; echo "t=$(date +%s)"; cat; } >"$record.$1.tmp" && mv "$record.$1.tmp" "$record.$1"
}
ended() {
    code=$?
    trap '' EXIT TERM INT USR1 USR2
    # the fact of an error, not the advice below it
    last=$(tail -c 1200 "$log" 2>/dev/null | tr -d '\000' | grep -v -e '^detail: ' -e '^hint: ' | tail -n 1 | cut -c 1-400)
    write_record end <<END
exit=$code
signal=$signal
step=$step
seconds=$(($(date +%s) - begun))
last=$last
END
    exit "$code"
}
# The program is told and ends in good order; the shell waits for it. Before it has begun there is nothing to wait for.
told() {
    signal=$1
    [ -n "${child-}" ] || exit "$2"
    kill -USR2 "$child" 2>/dev/null
}
trap ended EXIT
trap 'told 15 143' TERM
trap 'told 2 130' INT
trap 'told 12 75' USR2
trap 'told 10 75' USR1

XFELX_DEADLINE=$((begun + @seconds@ - @margin@))
export XFELX_DEADLINE
@=environment@
write_record begin <<BEGIN
host=$(uname -n)
user=$(id -un 2>/dev/null || id -u)
scheduler=$scheduler
sched_id=$sched_id
nodes=$nodes
n_nodes=$n_nodes
n_tasks=$n_tasks
deadline=$XFELX_DEADLINE
cwd=$(pwd)
path=$PATH
ulimit_n=$(ulimit -n)
ulimit_v=$(ulimit -v)
program=$program
BEGIN
mkdir -p "$folder" || exit 73
cd "$folder" || exit 73
mkdir -p "$(dirname "$log")" || exit 73
exec >>"$log" 2>&1
@=copy@
step=launch
@=command@ &
child=$!
step=process
# a signal ends `wait` early: wait again until the program is gone
while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
done
exit "$code"
