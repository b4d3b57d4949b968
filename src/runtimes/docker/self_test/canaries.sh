# The hostile program of the self-test, which judges its report.
#
#   sh canaries.sh MARKER CHILDREN [HOST:PORT...]
#
# It writes files named MARKER wherever it can, connects to each HOST:PORT, and starts CHILDREN processes at the end, more
# than the limit allows. Each line of the report begins with a word for its subject. It starts few programs, since each
# takes tens of milliseconds under gVisor.
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
