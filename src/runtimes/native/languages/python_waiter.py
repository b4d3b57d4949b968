"""Lets a Python process be warm: Python imports this file as `sitecustomize` at the end of its start, before it reads the
main file, and runs that file afterwards as usual. So nothing of it is in the program's `__main__` or in a trace.

Every process finds the packages that were installed for the environment, before those of the machine. A process with the
variable CODEBEAKER_WAITS reports on stderr that its program may begin, waits for a byte on stdin, and
reports when it exits by itself (src/core/child_protocol.ts). Until the byte comes, nothing of the workspace is read. A
program that undoes this, or writes a report itself, falsifies only the reports about itself.
"""

import os

READY = b"\0\x07\0"
EXITS_BY_ITSELF = b"\0\x07\x01\0"
PACKAGES = "/codebeaker/python/packages"
# Modules that many programs import. Importing them takes longer than waiting for a warm process.
PRELOADED = ["collections", "csv", "dataclasses", "datetime", "functools", "itertools", "json", "math", "pathlib"] + [
    *("random", "re", "string", "subprocess", "threading", "time", "traceback", "typing")
]


def wait(sys):
    import atexit
    import gc
    import select

    own = set(sys.modules)
    if not select.select([0], [], [], 0)[0]:  # Else the program has come already.
        for name in PRELOADED:
            __import__(name)
        gc.collect()
    gc.freeze()  # The end of the process does not visit these objects.
    os.write(2, READY)
    if not os.read(0, 1):
        os._exit(0)  # The service is gone.
    forget_shadowed(sys, {name for name in sys.modules if name not in own})
    atexit.register(report_exit, os.getpid(), identity_of(2))


def forget_shadowed(sys, preloaded):
    """Forgets the preloaded modules if the program's directory, which comes first, has a module of such a name."""
    directory = os.path.dirname(os.path.realpath(sys.argv[0]))
    try:
        names = {name.partition(".")[0] for name in os.listdir(directory)}
    except OSError:
        return  # Python reports that the main file is not there.
    if names & {name.partition(".")[0] for name in preloaded}:
        for name in preloaded:
            del sys.modules[name]


def identity_of(descriptor):
    status = os.fstat(descriptor)
    return (status.st_dev, status.st_ino)


def report_exit(pid, stderr):
    """Reports that the process exits by itself: its code may look like a signal. Forked children report nothing."""
    try:
        if os.getpid() == pid and identity_of(2) == stderr:
            os.write(2, EXITS_BY_ITSELF)
    except OSError:
        pass  # The program has closed its stderr, or its reader is gone.


def find_packages(sys):
    if os.path.isdir(PACKAGES):
        own = [index for index, path in enumerate(sys.path) if path.endswith("-packages")]
        sys.path.insert(own[0] if own else len(sys.path), PACKAGES)


if os.environ.pop("CODEBEAKER_WAITS", None) is not None:
    wait(__import__("sys"))
find_packages(__import__("sys"))
raise ImportError(name="sitecustomize")  # So that no module stays.
