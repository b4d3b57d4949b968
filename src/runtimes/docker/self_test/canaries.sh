# What a hostile program would try, for the self-test, which judges from outside what came of it.
#
#   sh canaries.sh MARKER CHILDREN [HOST:PORT...]
#
# MARKER: the name of files that are left wherever they can be. CHILDREN: how many are started at the end, more than there
# may be; each that there is says so. Each line of the report begins with a word that says what
# it is about. It starts few programs: under gVisor each takes tens of milliseconds.
marker=$1 children=$2
shift 2

echo "honest $((6 * 7))"

while read -r key value; do
  echo "status $key $value"
done </proc/self/status

for place in / /bin /etc /home /opt /root /sbin /usr /usr/local /var /var/tmp /dev /sys /sys/fs/cgroup; do
  true >"$place/$marker" && echo "wrote $place"
done 2>/dev/null

while read -r interface destination _; do
  [ "$interface" = Iface ] || echo "route $interface $destination"
done </proc/net/route 2>/dev/null
timeout 1 bash -c 'for target; do : 3<>"/dev/tcp/${target%:*}/${target##*:}"; done' bash "$@" 2>/dev/null

for process in /proc/[0-9]*; do
  echo "process ${process#/proc/}"
done
cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\0' '\n'
echo

echo "over"

while [ "$((count += 1))" -le "$children" ]; do
  sleep 9 & echo "child"
done
