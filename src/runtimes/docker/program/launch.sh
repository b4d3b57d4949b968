# Runs one program in a container, and reports its progress to the service.
#
#   sh -c "$(cat launch.sh)" launch [BLOCKS OUTPUT DIRECTORY COMPILE_WORDS [COMPILE...] RUN...]
#   sh -c "$(cat launch.sh)" launch - DIRECTORY HOOK TEXT RUN...
#
# Stdin, in this order:
#   - a line with two words: a secret, and a nonce for the names of files;
#   - without words on the command line, any number of lines "write BYTES NAME", each followed by the content of a file of
#     the workspace, and then a line with the words, as a shell reads them;
#   - BLOCKS blocks of 4096 bytes: a tar archive for the workspace;
#   - with a compiler, a line when the program may begin;
#   - the program's own stdin.
#
# The second form starts an interpreter before its program is known. The file HOOK with this TEXT makes the interpreter
# print a newline and then read descriptor 5. The line of words is then "BLOCKS BYTES"; after the archive, descriptor 5
# gives a space and BYTES, and as many bytes of stdin are for the hook. Without a number there, no program comes.
#
# Each report is "\0<secret> ", words and a newline on stderr, in this order:
#
#   launched PID          this shell, which can be signalled now
#   written STATUS        for each line "write"
#   unpacked STATUS FULL  only with an archive
#   compiled STATUS SIGNALLED OOM REFUSED FULL BYTES FILES CPU_NS    only with a compiler
#   ready CPU_NS          the program may begin
#   ended STATUS SIGNALLED OOM REFUSED CPU_NS PEAK_BYTES UNROUTED
#   disk FULL BYTES FILES the last one, as reading the disk takes a process
#
# "compiled" and "ended" are on stdout too, so that all output before them has come on both streams. SIGNALLED: 1 if a
# signal ended the command line. OOM: the processes of this container that the kernel killed because memory ran out.
# REFUSED: how often the kernel refused a process or thread. FULL: 1 if a file system is full. BYTES and FILES: the usage
# of /workspace and /tmp. UNROUTED: the packets for which this container had no route meanwhile. "-" is an unknown number.
# After a refused process, nothing is started here before the end is reported: no process may be free.
unset secret nonce # Else a variable of the container with this name would pass the value on to the program.
read -r secret nonce || exit 1
newline='
'

exec 4>&2
report() { printf '\0%s %s\n' "$secret" "$1" >&4; }
report_both() {
  report "$1"
  printf '\0%s %s\n' "$secret" "$1"
}

# Read files of control groups, version 1 first. Each sets $found.
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
read_kills() { field oom_kill /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events; }
read_refusals() { field max /sys/fs/cgroup/pids/pids.events /sys/fs/cgroup/pids.events; }
read_cpu() {
  first_line /sys/fs/cgroup/cpuacct/cpuacct.usage
  [ "$found" = - ] && [ -r /sys/fs/cgroup/cpu.stat ] || return 0
  field usage_usec /sys/fs/cgroup/cpu.stat
  found=${found}000
}
# Sets $unrouted. The first line names the columns.
count_unrouted() {
  unrouted=0
  [ -r /proc/net/snmp ] || return
  while read -r key _ _ _ _ _ _ _ _ _ _ _ value _; do
    case $key$value in Ip:[0-9]*) unrouted=$value && return ;; esac
  done </proc/net/snmp
}
# Sets $disk to FULL BYTES FILES; to zeros after a refused process, as none may be free for stat.
refusals=0
read_disk() {
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

# Runs a command line to its end; sets $end to STATUS SIGNALLED OOM REFUSED. For a signal, a shell gives 128 + its number,
# and prints a word on its own stderr, except for SIGINT and SIGPIPE; without the word, the program exited with that
# number. The command line does not run in the background, where it would ignore SIGINT.
run() {
  read_kills
  kills=$found
  read_refusals
  refused_before=$found
  word=/tmp/.ended-$nonce
  (: >"$word") 2>/dev/null || word=/dev/null # The file system is full.
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
  read_kills
  kills=$((found - kills))
  read_refusals
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

# Signals hit the whole process group: this shell survives them, to report the end.
for signal in TERM INT HUP QUIT USR1 USR2; do trap : "$signal"; done
unset TINI_KILL_PROCESS_GROUP

# Unpacks the archive, if there is one.
unpack() {
  [ "$blocks" -gt 0 ] || return 0
  dd bs=4096 count="$blocks" iflag=fullblock 2>/dev/null | tar -xf - -C /workspace
  status=$?
  read_disk
  report "unpacked $status ${disk%% *}"
  return "$status"
}
report_ready() {
  read_cpu
  report "ready $found"
}

# Writes a file of the workspace. It replaces only a writable file.
write_file() {
  at=/workspace/$2
  if [ -L "$at" ] || { [ -e "$at" ] && ! { [ -f "$at" ] && [ -w "$at" ]; }; }; then
    dd bs="$1" count=1 iflag=fullblock of=/dev/null 2>/dev/null
    report "written 1"
    return
  fi
  (umask 077 && exec dd bs="$1" count=1 iflag=fullblock of="$at" 2>/dev/null)
  report "written $?"
}
# Sets $line to the line of words.
next_line() {
  while IFS= read -r line; do
    case $line in
      "write "*) write_file ${line#write } ;;
      *) return 0 ;;
    esac
  done
  return 1
}

# Sends a warm interpreter its program: stdout is the pipe that the interpreter reads.
prepare() {
  next_line || exit 1
  blocks=${line% *} message=${line#* }
  unpack || exit 1
  printf ' ' || exit 1 # If the interpreter was killed, SIGPIPE ends this shell.
  report_ready
  printf '%s' "$message"
}

[ -x /workspace ] || chmod 700 /workspace 2>/dev/null
report "launched $$"
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
  read_cpu
  cpu=$found
  run_first "$words" "$@"
  read_cpu
  case $found$cpu in
    *-*) cpu=- ;;
    *) cpu=$((found - cpu)) ;;
  esac
  read_disk
  report_both "compiled $end $disk $cpu"
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
[ "$blocks" = - ] || report_ready
run "$@"
count_unrouted
read_cpu
cpu=$found
first_line /sys/fs/cgroup/memory/memory.max_usage_in_bytes /sys/fs/cgroup/memory.peak
report_both "ended $end $cpu $found $((unrouted - unrouted_before))"
read_disk
report "disk $disk"
rm -rf -- ${output:+"$output"} "/tmp/.ended-$nonce"
exit "$status"
