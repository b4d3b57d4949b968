# Becomes the systemd of a machine of its own. Its files are those of this machine; what it writes stays in memory.
# usage: sh machine.sh GROUP DIRECTORY [SOURCE TARGET]..., where DIRECTORY is empty, and each SOURCE is shown at its TARGET
set -eu

hierarchies() { sed -nE 's/^([^ ]+ ){4}([^ ]+) .* - (cgroup2?) [^ ]+ rw,?(.*)/\2 \3 \4/p' /proc/self/mountinfo; }

if [ "$1" != inside ]; then
  # A group in each hierarchy, which is the root of that hierarchy inside.
  hierarchies | while read -r point _; do
    mkdir "$point/$1"
    for file in cpuset.cpus cpuset.mems; do
      [ ! -e "$point/cgroup.clone_children" ] || [ ! -e "$point/$1/$file" ] || cat "$point/$file" >"$point/$1/$file"
    done
  done
  for point in $(hierarchies | cut -d ' ' -f 1); do echo $$ >"$point/$1/cgroup.procs"; done
  shift
  exec unshare --mount --pid --cgroup --ipc --uts --fork --kill-child -- /bin/sh "$0" inside "$@"
fi

shift
directory=$1
shift
mount -t tmpfs -o mode=755 tmpfs "$directory"
root=$directory/root
mkdir "$root" "$directory/written" "$directory/work"
mount -t overlay -o "lowerdir=/,upperdir=$directory/written,workdir=$directory/work" overlay "$root"
mount -t proc proc "$root/proc"
# Until it has started: it would set limits of the kernel, which are this machine's too.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
outside=$(hierarchies)
case $outside in
*\ cgroup\ *) mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup" ;;
esac
echo "$outside" | while read -r point type controllers; do
  mkdir -p "$root$point"
  mount -t "$type" ${controllers:+-o "$controllers"} cgroup "$root$point"
done
mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  touch "$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
# Neither services of this machine nor what it mounts at its start.
wants=$root/usr/lib/systemd/system
for path in /run /var/lib /var/log /var/cache /etc/systemd/system; do mount -t tmpfs -o mode=755 tmpfs "$root$path"; done
for path in /tmp /dev/shm; do mount -t tmpfs -o mode=1777 tmpfs "$root$path"; done
for target in sysinit sockets timers local-fs; do
  [ ! -d "$wants/$target.target.wants" ] || mount -t tmpfs tmpfs "$wants/$target.target.wants"
done
echo 00000000000000000000000000000001 >"$root/etc/machine-id"
while [ $# -gt 0 ]; do
  rm -rf "$root$2"
  if [ -d "$1" ]; then mkdir -p "$root$2"; else touch "$root$2"; fi
  mount --bind "$1" "$root$2"
  shift 2
done
cd "$root"
pivot_root . mnt
# Version 257 needs to be asked for the control groups of version 1.
exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1 \
  SYSTEMD_PROC_CMDLINE="systemd.unit=basic.target systemd.wants=systemd-journald.service SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1" \
  /bin/sh -c 'umount -l /mnt && exec /lib/systemd/systemd --log-target=console --show-status=no'
