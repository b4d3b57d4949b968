# Takes what an installer has made into the workspace, as the user of its programs.
#
#   sh -c "$(cat take_packages.sh)" take_packages NAME LIST PACKAGES
#
# On stdin: a tar archive of the installer's own workspace, which is unpacked at NAME first. Its directories stand in place
# of those that are there; a file that is there stays; LIST is written anew. The first line on stdout is "ok", "ENOSPC", or
# "EACCES": then everything is as it was, unless a program interferes.
umask 077
cd /workspace || exit 1
new=$1
fail() {
  set -- "$1" $(stat -f -c '%a %d %c' .)
  rm -rf -- "$new"
  [ "$2" -eq 0 ] && echo ENOSPC && exit 0
  [ "$4" -gt 0 ] && [ "$3" -eq 0 ] && echo ENOSPC && exit 0 # gVisor counts no inodes.
  echo EACCES
  exit 0
}

mkdir -- "$new" && tar -xf - -C "$new" 2>/dev/null && printf %s "$3" 2>/dev/null >"$new/$2" || fail
for entry in "$new"/* "$new"/.[!.]*; do
  name=${entry##*/}
  if [ -d "$entry" ] && [ ! -L "$entry" ]; then
    rm -rf -- "$name" 2>/dev/null || { chmod -R u+rwx -- "$name" && rm -rf -- "$name"; } 2>/dev/null
  elif [ "$name" = "$2" ]; then
    [ -d "$name" ] && fail
  elif [ -e "$name" ] || [ -L "$name" ] || [ ! -e "$entry" ]; then
    continue
  fi
  mv -f -T -- "$entry" "$name" 2>/dev/null || fail
done
rm -rf -- "$new"
echo ok
