# Moves installed packages into the workspace, as the user of its programs.
#
#   sh -c "$(cat deliver_packages.sh)" deliver_packages STAGING LIST PACKAGES
#
# stdin is a tar archive of the installer's workspace, which is first unpacked at STAGING. Its directories replace those of
# the workspace; existing files stay; PACKAGES are written to LIST. The first line on stdout is "ok", "ENOSPC" or "EACCES".
# After a failure the workspace is unchanged, unless a program interferes.
umask 077
cd /workspace || exit 1
staging=$1
fail() {
  set -- "$1" $(stat -f -c '%a %d %c' .)
  rm -rf -- "$staging"
  [ "$2" -eq 0 ] && echo ENOSPC && exit 0
  [ "$4" -gt 0 ] && [ "$3" -eq 0 ] && echo ENOSPC && exit 0 # gVisor counts no inodes.
  echo EACCES
  exit 0
}

mkdir -- "$staging" && tar -xf - -C "$staging" 2>/dev/null && printf %s "$3" 2>/dev/null >"$staging/$2" || fail
for entry in "$staging"/* "$staging"/.[!.]*; do
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
rm -rf -- "$staging"
echo ok
