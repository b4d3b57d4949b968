# One operation on the files of a workspace, inside its container and as the user of its programs.
#
#   sh -c "$(cat workspace.sh)" workspace OPERATION ARGUMENT...
#
# The first line on stdout is "ok", followed by the result, or the code of an error: an errno of Linux, or OUTSIDE, LOOP,
# ITSELF or DEEP. Paths are relative to the workspace. A symlink is followed while it stays inside, and gives OUTSIDE
# when it leads out, as on every other runtime.
umask 077
root=/workspace
max_links=40
max_depth=128
[ -x "$root" ] && [ -w "$root" ] && [ -r "$root" ] || chmod 700 "$root" 2>/dev/null

fail() {
  printf '%s\n' "$1"
  exit 0
}
ok() { printf 'ok\n'; }
exists() { [ -e "$1" ] || [ -L "$1" ]; }

# Fails with the most likely error of a failed command.
fail_at() {
  set -- "$1" $(stat -f -c '%a %d %c' "$root")
  [ "$2" -eq 0 ] && fail ENOSPC
  [ "$4" -gt 0 ] && [ "$3" -eq 0 ] && fail ENOSPC # gVisor counts no inodes.
  fail EACCES
}

# A program may make the same directory meanwhile.
make_directory() { mkdir -- "$1" 2>/dev/null || [ -d "$1" ] || fail_at "$1"; }

# Prints the error of the first obstacle to copying a tree into another one; nothing if there is none.
obstacle() {
  (cd "$1" && find . -mindepth 1 -exec sh -c '
    for entry; do
      target=$0/$entry
      [ -e "$target" ] || [ -L "$target" ] || continue
      if [ -L "$entry" ]; then echo EEXIST
      elif [ -d "$entry" ]; then [ -d "$target" ] && [ ! -L "$target" ] || echo ENOTDIR
      elif [ -L "$target" ]; then echo ELOOP
      elif [ -d "$target" ]; then echo EISDIR
      fi
    done' "$2" {} + | head -n 1)
}

# Resolves PATH to $at. FOLLOW: whether a symlink at the end is followed. MAKE: whether missing parents are made.
walk() {
  rest=$1 follow=$2 make=$3
  at=$root
  links=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    last=1
    case $rest in
      */*)
        last=0
        rest=${rest#*/}
        ;;
      *) rest= ;;
    esac
    case $part in
      '' | .) continue ;;
      ..)
        [ "$at" != "$root" ] || fail OUTSIDE
        at=${at%/*}
        continue
        ;;
    esac
    if [ -L "$at/$part" ] && { [ "$last" = 0 ] || [ "$follow" = 1 ]; }; then
      links=$((links + 1))
      [ "$links" -le "$max_links" ] || fail LOOP
      target=$(readlink -- "$at/$part" && printf x)
      target=${target%?x}
      case $target in
        "$root" | "$root"/*)
          at=$root
          target=${target#"$root"}
          ;;
        /*) fail OUTSIDE ;;
      esac
      if [ "$last" = 1 ]; then rest=$target; else rest=$target/$rest; fi
      continue
    fi
    if [ "$last" = 0 ]; then
      if [ "$make" = 1 ] && ! exists "$at/$part"; then make_directory "$at/$part"; fi
      exists "$at/$part" || fail ENOENT
      [ -d "$at/$part" ] || fail ENOTDIR
    fi
    at=$at/$part
  done
}

refuse_depth() {
  [ -z "$(cd "$1" && find . -mindepth "$max_depth" -print -quit)" ] || fail DEEP
}

describe() { stat -c '//%f %s %.Y %n' -- "$@"; }

operation=$1
shift
case $operation in
  stat) # PATH FOLLOW
    walk "$1" "$2" 0
    output=$(describe "$at" 2>/dev/null) || fail ENOENT
    ok
    printf '%s\n' "$output"
    ;;
  read) # PATH OFFSET LENGTH|-
    walk "$1" 1 0
    exists "$at" || fail ENOENT
    [ -f "$at" ] || fail ENXIO
    [ -r "$at" ] || fail EACCES
    printf 'ok\n%s\n' "$$"
    [ "$2" -eq 0 ] && [ "$3" = - ] && exec cat -- "$at"
    [ "$3" = - ] && exec tail -c "+$(($2 + 1))" -- "$at"
    tail -c "+$(($2 + 1))" -- "$at" | head -c "$3"
    ;;
  read_files) # MAX PATH...
    ok
    max=$1
    shift
    # For each path: its size and so many bytes, or the code of an error. Zeros stand for bytes lost meanwhile.
    for path; do
      (
        walk "$path" 1 0
        exists "$at" || fail ENOENT
        [ -f "$at" ] || fail ENXIO
        [ -r "$at" ] || fail EACCES
        size=$(stat -c %s -- "$at" 2>/dev/null) || fail ENOENT
        [ "$size" -le "$max" ] || fail EFBIG
        printf '%s\n' "$size"
        { cat -- "$at"; cat /dev/zero; } 2>/dev/null | head -c "$size"
      )
    done
    ;;
  write) # PATH MODE
    follow=1
    [ "$2" = create_new ] && follow=0
    walk "$1" "$follow" 1
    [ "$2" = create_new ] && exists "$at" && fail EEXIST
    [ -d "$at" ] && fail EISDIR
    if exists "$at"; then
      [ -f "$at" ] || fail ENXIO
      [ -w "$at" ] || fail EACCES
    fi
    if [ "$2" = append ]; then cat >>"$at" 2>/dev/null || fail_at "$at"; else cat >"$at" 2>/dev/null || fail_at "$at"; fi
    ok
    ;;
  create_directory) # PATH RECURSIVE
    walk "$1" 1 "$2"
    [ "$2" = 1 ] && [ -d "$at" ] || {
      exists "$at" && fail EEXIST
      if [ "$2" = 1 ]; then make_directory "$at"; else mkdir -- "$at" 2>/dev/null || fail_at "$at"; fi
    }
    ok
    ;;
  copy) # SOURCE DESTINATION OVERWRITE
    walk "$1" 1 0
    from=$at
    exists "$from" || fail ENOENT
    walk "$2" 1 1
    [ "$3" = 1 ] || ! exists "$at" || fail EEXIST
    [ "$from" -ef "$at" ] && fail ITSELF
    if [ -d "$from" ]; then
      case $at/ in "$from"/*) fail ITSELF ;; esac
      refuse_depth "$from"
      exists "$at" || make_directory "$at"
      [ -d "$at" ] || fail ENOTDIR
      [ -z "$(find "$from" ! -type f ! -type d ! -type l -print -quit)" ] || fail ENXIO
      wrong=$(obstacle "$from" "$at")
      [ -z "$wrong" ] || fail "$wrong"
      cp -R -P -- "$from/." "$at/" 2>/dev/null || fail_at "$at"
    else
      [ -f "$from" ] || fail ENXIO
      [ -d "$at" ] && fail EISDIR
      exists "$at" && [ ! -f "$at" ] && fail ENXIO
      cp -- "$from" "$at" 2>/dev/null || fail_at "$at"
    fi
    ok
    ;;
  move) # SOURCE DESTINATION OVERWRITE
    walk "$1" 0 0
    from=$at
    exists "$from" || fail ENOENT
    walk "$2" 0 1
    [ "$3" = 1 ] || ! exists "$at" || fail EEXIST
    if [ -d "$from" ] && [ ! -L "$from" ]; then
      [ "$from" = "$at" ] || case $at/ in "$from"/*) fail EINVAL ;; esac
      if exists "$at"; then
        [ -d "$at" ] && [ ! -L "$at" ] || fail ENOTDIR
        [ "$from" = "$at" ] || rmdir -- "$at" 2>/dev/null || fail ENOTEMPTY
      fi
    elif [ -d "$at" ] && [ ! -L "$at" ]; then
      fail EISDIR
    fi
    [ "$from" = "$at" ] || mv -f -T -- "$from" "$at" 2>/dev/null || fail_at "$at"
    ok
    ;;
  delete) # PATH RECURSIVE
    walk "$1" 0 0
    exists "$at" || fail ENOENT
    if [ ! -d "$at" ] || [ -L "$at" ]; then
      rm -f -- "$at" 2>/dev/null || fail_at "$at"
    elif [ "$2" = 1 ]; then
      rm -rf -- "$at" 2>/dev/null || { chmod -R u+rwx -- "$at" && rm -rf -- "$at"; } 2>/dev/null || fail_at "$at"
    else
      [ -z "$(find "$at" -mindepth 1 -print -quit)" ] || fail ENOTEMPTY
      rmdir -- "$at" 2>/dev/null || fail_at "$at"
    fi
    ok
    ;;
  list) # PATH DEPTH|-
    walk "$1" 1 0
    exists "$at" || fail ENOENT
    [ -d "$at" ] || fail ENOTDIR
    cd "$at" 2>/dev/null || fail EACCES
    ok
    describe .
    depth=$2
    [ "$depth" = - ] && depth=$((max_depth + 1))
    find . -mindepth 1 -maxdepth "$depth" -exec stat -c '//%f %s %.Y %n' -- {} + 2>/dev/null
    ;;
  pack)
    cd "$root" 2>/dev/null || fail EACCES
    refuse_depth "$root"
    [ -z "$(find . \( -type d ! \( -readable -executable \) -o -type f ! -readable \) -print -quit 2>/dev/null)" ] ||
      fail EACCES
    printf 'ok\n%s\n' "$$"
    find . -mindepth 1 \( -type d -o -type f -o -type l \) -print0 2>/dev/null |
      tar -c -f - --format=pax --pax-option=delete=atime,delete=ctime --hard-dereference --no-recursion --null -T - 2>/dev/null
    ;;
  unpack)
    output=$(LC_ALL=C tar -x -f - -C "$root" 2>&1 >/dev/null) || case $output in
      *'Not a directory'*) fail ENOTDIR ;;
      *'File exists'* | *'Is a directory'* | *'Directory not empty'*) fail ENOTEMPTY ;;
      *) fail_at "$root" ;;
    esac
    ok
    ;;
esac
exit 0
