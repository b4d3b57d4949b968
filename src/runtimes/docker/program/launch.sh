# Runs one program in a container and tells the service what becomes of it.
#
#   sh -c "$(cat launch.sh)" launch [BLOCKS OUTPUT DIRECTORY COMPILE_WORDS [COMPILE...] RUN...]
#   sh -c "$(cat launch.sh)" launch - DIRECTORY HOOK TEXT RUN...
#
# On stdin: a line with two words, a secret and one for names of files that nobody guesses; if there were no words, any
# number of lines "write BYTES NAME", each with the content of a file of the workspace behind it, and then the words as a
# shell reads them; BLOCKS blocks of 4096 bytes that are a tar archive of the workspace; with a compiler, a line when the
# service is ready for the program; then the program's own stdin.
#
# The second is for an interpreter that is started before its program is known. It finds the file HOOK with this TEXT,
# which makes it write a newline and then read descriptor 5. The line of words is "BLOCKS BYTES" for it; when the archive
# is unpacked, BYTES comes on descriptor 5, behind a space, and so many bytes on stdin are for the hook. With no number
# on descriptor 5 there will be no program.
#
# What the service is told stands between "\0<secret> " and a newline on stderr, in order:
#
#   launched PID          this shell, which from then on takes what it is to run
#   written STATUS        for each line "write"
#   unpacked STATUS FULL  only with an archive
#   compiled STATUS SIGNALLED OOM REFUSED FULL BYTES FILES    only with a compiler
#   ready CPU_NS          the program may begin
#   ended STATUS SIGNALLED OOM REFUSED CPU_NS PEAK_BYTES UNROUTED
#   disk FULL BYTES FILES a look that takes a process, and so comes last
#
# Those that follow a command line, "compiled" and "ended", stand on stdout too, so that what it printed on either stream
# is known to be complete. SIGNALLED: 1 when a signal ended it; OOM: processes of this container that the kernel killed
# for want of memory; REFUSED: how often it made no process or thread since there were too many; FULL: 1 when a file
# system is full; BYTES and FILES: what lies in /workspace and /tmp; UNROUTED: packets for which this container had no
# route meanwhile. A number that is not known is "-". Once a command line has run and a process was refused, nothing is
# started here before the end is told: there may be no process left to have.
unset secret nonce # What is a variable of the container would be one of the program too, with this value.
read -r secret nonce || exit 1
newline='
'

exec 4>&2
tell() { printf '\0%s %s\n' "$secret" "$1" >&4; }
tell_both() {
  tell "$1"
  printf '\0%s %s\n' "$secret" "$1"
}

# Cgroup version 1, then 2. Each leaves what it found in $found.
first_line() {
  found=-
  for file; do
    [ -r "$file" ] && IFS= read -r found <"$file" && return
  done
}
field() {
  wanted=$1 found=0
  shift
  for file; do
    [ -r "$file" ] || continue
    while read -r key value; do
      [ "$key" = "$wanted" ] && found=$value && return
    done <"$file"
  done
}
look_at_kills() { field oom_kill /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; }
look_at_refusals() { field max /sys/fs/cgroup/pids/pids.events /sys/fs/cgroup/pids.events; }
look_at_cpu() {
  first_line /sys/fs/cgroup/cpuacct/cpuacct.usage
  [ "$found" = - ] && [ -r /sys/fs/cgroup/cpu.stat ] || return 0
  field usage_usec /sys/fs/cgroup/cpu.stat
  found=${found}000
}
# Leaves it in $unrouted: a subshell would cost more than the reading. The first line names the columns.
count_unrouted() {
  unrouted=0
  [ -r /proc/net/snmp ] || return
  while read -r key _ _ _ _ _ _ _ _ _ _ _ value _; do
    case $key$value in Ip:[0-9]*) unrouted=$value && return ;; esac
  done </proc/net/snmp
}
# Leaves FULL BYTES FILES in $disk; where a command line was refused a process, there may be none for this.
refusals=0
look_at_disk() {
  disk="0 0 0"
  [ "$refusals" -le 0 ] || return 0
  full=0 bytes=0 files=0
  set -- /workspace /tmp
  [ ! -d /build ] || set -- "$@" /build
  set -- $(stat -f -c '%n %a %b %f %S %c %d' "$@" 2>/dev/null)
  while [ $# -ge 7 ]; do
    [ "$2" -lt 8 ] && full=1
    [ "$6" -gt 0 ] && [ "$7" -lt 2 ] && full=1 # gVisor counts no inodes.
    if [ "$1" != /build ]; then
      bytes=$((bytes + ($3 - $4) * $5))
      [ "$6" -gt 0 ] && files=$((files + $6 - $7 - 1))
    fi
    shift 7
  done
  disk="$full $bytes $files"
}

# Runs a command line to its end; leaves STATUS SIGNALLED OOM REFUSED in $end. A shell says a word on its own stderr when
# a signal ended its child, except for SIGINT and SIGPIPE, and gives 128 + its number; a program that exits with such a
# number itself is told by the missing word. In the background a program would ignore SIGINT.
run() {
  look_at_kills
  kills=$found
  look_at_refusals
  refused_before=$found
  word=/tmp/.ended-$nonce
  (: >"$word") 2>/dev/null || word=/dev/null # There is no room for it.
  exec 2>"$word"
  if [ "$blocks" = - ]; then
    prepare <&3 | (exec "$@" 5<&0 <&3 3<&- 2>&4 4>&-)
  else
    (exec "$@" <&3 3<&- 2>&4 4>&-)
  fi
  status=$?
  exec 2>&4
  signalled=0
  case $status in
    130 | 141) signalled=1 ;;
    *) [ "$status" -gt 128 ] && [ -s "$word" ] && signalled=1 ;;
  esac
  look_at_kills
  kills=$((found - kills))
  look_at_refusals
  refusals=$((found - refused_before))
  end="$status $signalled $kills $refusals"
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

# Does nothing without an archive.
unpack() {
  [ "$blocks" -gt 0 ] || return 0
  dd bs=4096 count="$blocks" iflag=fullblock 2>/dev/null | tar -xf - -C /workspace
  status=$?
  look_at_disk
  tell "unpacked $status ${disk%% *}"
  return "$status"
}
tell_ready() {
  look_at_cpu
  tell "ready $found"
}

# Puts a file into the workspace where nothing but another file is in its way.
write_file() {
  at=/workspace/$2
  if [ -L "$at" ] || { [ -e "$at" ] && ! { [ -f "$at" ] && [ -w "$at" ]; }; }; then
    dd bs="$1" count=1 iflag=fullblock of=/dev/null 2>/dev/null
    tell "written 1"
    return
  fi
  (umask 077 && exec dd bs="$1" count=1 iflag=fullblock of="$at" 2>/dev/null)
  tell "written $?"
}
# Leaves in $line what tells what to run.
next_line() {
  while IFS= read -r line; do
    case $line in
      "write "*) write_file ${line#write } ;;
      *) return 0 ;;
    esac
  done
  return 1
}

# Takes what an interpreter is to run that waits on the other end of stdout.
prepare() {
  next_line || exit 1
  blocks=${line% *} message=${line#* }
  unpack || exit 1
  printf ' ' || exit 1 # It may have been killed while it waited: then this shell is, too.
  tell_ready
  printf '%s' "$message"
}

[ -x /workspace ] || chmod 700 /workspace 2>/dev/null
tell "launched $$"
if [ $# -eq 0 ]; then
  next_line || exit 1
  eval "set -- $line"
fi
blocks=$1 output= words=0
if [ "$blocks" = - ]; then
  directory=$2
  mkdir -- "${3%/*}" && printf '%s' "$4" >"$3" || exit 1
  shift 4
else
  output=$2 directory=$3 words=$4
  shift 4
  unpack || exit 1
fi
cd "$directory" || exit 1

if [ "$words" -gt 0 ]; then
  mkdir -- "$output" || exit 1
  exec 3</dev/null
  run_first "$words" "$@"
  look_at_disk
  tell_both "compiled $end $disk"
  case $end in
    "0 "*) ;;
    *)
      rm -rf -- "$output" "/tmp/.ended-$nonce"
      exit 1
      ;;
  esac
  shift "$words"
  IFS= read -r go || exit 1
fi

exec 3<&0
count_unrouted
unrouted_before=$unrouted
[ "$blocks" = - ] || tell_ready
run "$@"
count_unrouted
look_at_cpu
cpu=$found
first_line /sys/fs/cgroup/memory/memory.max_usage_in_bytes /sys/fs/cgroup/memory.peak
tell_both "ended $end $cpu $found $((unrouted - unrouted_before))"
look_at_disk
tell "disk $disk"
rm -rf -- ${output:+"$output"} "/tmp/.ended-$nonce"
exit "$status"
