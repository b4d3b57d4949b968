# Runs one program in a container and tells the service what becomes of it.
#
#   sh -c "$(cat launch.sh)" launch BLOCKS OUTPUT DIRECTORY COMPILE_WORDS [COMPILE...] RUN...
#
# On stdin: a line with a secret word, and one for names of files that nobody guesses; BLOCKS blocks of 4096 bytes that are a tar archive of the workspace; with a compiler, a
# line when the service is ready for the program; then the program's own stdin. What the service is told stands between "\0<secret> " and a newline on stderr, in order:
#
#   launched PID          this shell
#   unpacked STATUS FULL  only with an archive
#   compiled STATUS SIGNALLED OOM FULL    only with a compiler
#   ready CPU_NS          the program may begin
#   ended STATUS SIGNALLED OOM FULL CPU_NS PEAK_BYTES
#
# The two that follow a command line stand on stdout too, so that what it printed on either stream is known to be complete.
# SIGNALLED: 1 when a signal ended it; OOM: processes of this container that the kernel killed for want of memory; FULL: 1
# when a file system is full. A number that is not known is "-".
read -r secret nonce || exit 1
blocks=$1 output=$2 directory=$3 words=$4
shift 4

tell() { printf '\0%s %s\n' "$secret" "$1" >&2; }
tell_both() {
  tell "$1"
  printf '\0%s %s\n' "$secret" "$1"
}

# Cgroup version 1, then 2.
first_line() {
  for file; do
    [ -r "$file" ] && IFS= read -r line <"$file" && printf %s "$line" && return
  done
  printf -
}
kills() {
  for file in /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; do
    [ -r "$file" ] || continue
    while read -r key value; do
      [ "$key" = oom_kill ] && printf %s "$value" && return
    done <"$file"
  done
  printf 0
}
cpu() {
  [ -r /sys/fs/cgroup/cpuacct/cpuacct.usage ] && first_line /sys/fs/cgroup/cpuacct/cpuacct.usage && return
  [ -r /sys/fs/cgroup/cpu.stat ] || { printf -; return; }
  while read -r key value; do
    [ "$key" = usage_usec ] && printf '%s000' "$value" && return
  done </sys/fs/cgroup/cpu.stat
}
is_full() {
  for place in /workspace /tmp /build; do
    [ -d "$place" ] || continue
    set -- $(stat -f -c '%a %d %c' "$place" 2>/dev/null)
    [ "${1:-99}" -lt 8 ] && printf 1 && return
    [ "${3:-0}" -gt 0 ] && [ "$2" -lt 2 ] && printf 1 && return # gVisor counts no inodes.
  done
  printf 0
}

# Runs a command line to its end; leaves STATUS SIGNALLED OOM FULL in $end. A shell says a word on its own stderr when a
# signal ended its child, except for SIGINT and SIGPIPE, and gives 128 + its number; a program that exits with such a number
# itself is told by the missing word. In the background a program would ignore SIGINT.
exec 4>&2
run() {
  before=$(kills)
  word=/tmp/.ended-$nonce
  (: >"$word") 2>/dev/null || word=/dev/null # There is no room for it.
  exec 2>"$word"
  (exec "$@" <&3 3<&- 2>&4 4>&-)
  status=$?
  exec 2>&4
  signalled=0
  case $status in
    130 | 141) signalled=1 ;;
    *) [ "$status" -gt 128 ] && [ -s "$word" ] && signalled=1 ;;
  esac
  rm -f "/tmp/.ended-$nonce"
  full=0
  [ "$status" -eq 0 ] || full=$(is_full)
  after=$(kills)
  end="$status $signalled $((${after:-0} - ${before:-0})) $full"
}

# Runs the first COUNT words of a command line.
run_first() {
  count=$1
  shift
  rest=$(($# - count))
  while [ "$count" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    count=$((count - 1))
  done
  shift "$rest"
  run "$@"
}

# Signals are for the whole process group: this shell outlives them, to tell what they did.
for signal in TERM INT HUP QUIT USR1 USR2; do trap : "$signal"; done
unset TINI_KILL_PROCESS_GROUP

[ -x /workspace ] || chmod 700 /workspace 2>/dev/null
tell "launched $$"
if [ "$blocks" -gt 0 ]; then
  dd bs=4096 count="$blocks" iflag=fullblock 2>/dev/null | tar -xf - -C /workspace
  status=$?
  tell "unpacked $status $(is_full)"
  [ "$status" -eq 0 ] || exit 1
fi
cd "$directory" || exit 1

if [ "$words" -gt 0 ]; then
  mkdir -- "$output" || exit 1
  exec 3</dev/null
  run_first "$words" "$@"
  tell_both "compiled $end"
  case $end in
    "0 "*) ;;
    *)
      rm -rf -- "$output"
      exit 1
      ;;
  esac
  shift "$words"
  IFS= read -r go || exit 1
fi

exec 3<&0
tell "ready $(cpu)"
run "$@"
[ "$words" -eq 0 ] || rm -rf -- "$output"
tell_both "ended $end $(cpu) $(first_line /sys/fs/cgroup/memory/memory.max_usage_in_bytes /sys/fs/cgroup/memory.peak)"
exit "$status"
