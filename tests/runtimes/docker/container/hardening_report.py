"""Tries what a hostile program would try, and prints what came of it as JSON."""

import ctypes
import errno
import json
import os
import resource
import socket
import stat
import subprocess
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_USER_NAMESPACE = 0x10000000
NUMBERS = {"x86_64": {"keyctl": 250, "bpf": 321}, "aarch64": {"keyctl": 219, "bpf": 280}}[os.uname().machine]
PLACES = [
    *("/x", "/etc/x", "/usr/x", "/var/x", "/root/x", "/dev/x", "/sys/x", "/sys/fs/cgroup/x"),
    *("/etc/hosts", "/etc/resolv.conf", "/proc/sys/kernel/domainname", "/workspace/x", "/tmp/x"),
]
ADDRESSES = ("172.17.0.1", "169.254.169.254", "10.0.0.1", "1.1.1.1")


def attempt(action):
    """Gives "done", or the name of the errno with which the kernel refused."""
    try:
        action()
        return "done"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))


def write(path):
    with open(path, "w") as file:
        file.write("x")


def call(function, *arguments):
    def run():
        if getattr(LIBC, function)(*arguments) == -1:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    return attempt(run)


def read(*paths):
    """The content of the first of several files that is there."""
    for path in paths:
        try:
            with open(path) as file:
                return file.read().strip()
        except OSError:
            continue
    return None


def status(pid):
    lines = read(f"/proc/{pid}/status").splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def mounts():
    found = []
    for line in read("/proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        fields, more = before.split(), after.split()
        found.append(
            {"at": fields[4], "options": fields[5].split(","), "kind": more[0], "source": more[1], "root": fields[3]}
        )
    return found


def size(path):
    seen = os.statvfs(path)
    return {"bytes": seen.f_blocks * seen.f_frsize, "inodes": seen.f_files}


def run_file_in(directory):
    path = f"{directory}/program.sh"
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexit 0\n")
    os.chmod(path, stat.S_IRWXU)
    try:
        return attempt(lambda: subprocess.run([path], check=True))
    finally:
        os.unlink(path)


def default_gateways():
    return [line.split()[2] for line in (read("/proc/net/route") or "").splitlines()[1:]]


def connect(address, port):
    with socket.socket() as connection:
        connection.settimeout(2)
        return attempt(lambda: connection.connect((address, port)))


def resolve(name):
    try:
        socket.getaddrinfo(name, 443)
        return "done"
    except socket.gaierror as error:
        return errno.errorcode.get(error.errno, "not resolved")


def fork(most):
    """How many sleeping children there can be, of so many."""
    children = []
    try:
        while len(children) < most:
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
    except OSError:
        pass
    for child in children:
        os.kill(child, 9)
        os.waitpid(child, 0)
    return len(children)


def leave_an_orphan():
    """Leaves a process that ends after its parent, and tells what becomes of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        orphan = os.fork()
        if orphan == 0:
            time.sleep(0.2)
            os._exit(0)
        os.write(writer, str(orphan).encode())
        os._exit(0)
    os.waitpid(child, 0)
    orphan = int(os.read(reader, 20))
    for _ in range(200):
        if not os.path.exists(f"/proc/{orphan}"):
            return "reaped"
        time.sleep(0.05)
    return "".join(status(orphan)["State"])


def processes():
    """The users of every process that can be seen."""
    return sorted(int(status(pid)["Uid"][1]) for pid in os.listdir("/proc") if pid.isdigit())


def devices():
    kinds = {path: os.stat(f"/dev/{path}").st_mode for path in os.listdir("/dev") if os.path.exists(f"/dev/{path}")}
    return sorted(path for path, mode in kinds.items() if stat.S_ISBLK(mode) or stat.S_ISCHR(mode))


json.dump(
    {
        "status": status("self"),
        "groups": os.getgroups(),
        "writes": {path: attempt(lambda: write(path)) for path in PLACES},
        "mounts": mounts(),
        "sizes": {path: size(path) for path in ("/workspace", "/tmp")},
        "running": {path: run_file_in(path) for path in ("/workspace", "/tmp")},
        "interfaces": sorted(os.listdir("/sys/class/net")),
        "gateways": default_gateways(),
        "connections": {address: connect(address, 80) for address in ADDRESSES},
        "name": resolve("example.com"),
        "memory": read("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"),
        "memory_and_swap": read("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes"),
        "swap": read("/sys/fs/cgroup/memory.swap.max"),
        "cpu": read("/sys/fs/cgroup/cpu.max")
        or " ".join(read(f"/sys/fs/cgroup/cpu/cpu.cfs_{name}_us") or "-" for name in ("quota", "period")),
        "limits": {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in ("NOFILE", "FSIZE", "CORE")
        },
        "calls": {
            "unshare": call("unshare", NEW_USER_NAMESPACE),
            "mount": call("mount", b"none", b"/tmp", b"tmpfs", 0, None),
            "keyctl": call("syscall", ctypes.c_long(NUMBERS["keyctl"]), 0, 0),
            "bpf": call("syscall", ctypes.c_long(NUMBERS["bpf"]), 0, 0, 0),
            "setuid": call("setuid", 0),
            "sethostname": call("sethostname", b"x", 1),
        },
        "init": read("/proc/1/comm"),
        "orphan": leave_an_orphan(),
        "shared_memory": attempt(lambda: write("/dev/shm/x")),
        "ipc": os.readlink("/proc/self/ns/ipc"),
        "sockets": [path for path in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(path)],
        "processes": processes(),
        "devices": devices(),
        "variables": dict(os.environ),
        "children": fork(39),
    },
    sys.stdout,
)
