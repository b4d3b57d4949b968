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
    from _weakref import ref

    own = set(sys.modules)
    if not select.select([0], [], [], 0)[0]:  # Else the program has come already.
        for name in PRELOADED:
            __import__(name)
        gc.collect()
    gc.freeze()  # The end of the process does not visit these objects.
    renew_main(sys)
    os.write(2, READY)
    if not os.read(0, 1):
        os._exit(0)  # The service is gone.
    preloaded = {name: (module, len(vars(module))) for name, module in sys.modules.items() if name not in own}
    forget_shadowed(sys, preloaded)
    atexit.register(release, sys, preloaded, ref)  # The first to be registered is the last to be called.
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


def renew_main(sys):
    """Gives the program a `__main__` of its own: what a frozen one holds, such as an open file, is not released at the end."""
    started = sys.modules["__main__"]
    sys.modules["__main__"] = main = type(sys)("__main__")
    vars(main).update(vars(started))


def release(sys, preloaded, ref):
    """Takes the preloaded modules from sys.modules, so that the interpreter does not clear each at its end: that takes longer
    than most programs. What a program has added to them is released."""
    try:
        for clear_cache in getattr(sys.modules.get("typing"), "_cleanups", ()):
            clear_cache()  # They hold classes of the program.
        for name, (module, size) in preloaded.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
            if len(variables := vars(module)) > size:
                for added in list(variables)[size:]:
                    if not isinstance(variables[added], type(sys)):  # The interpreter clears modules itself.
                        del variables[added]
        main = sys.modules["__main__"]
        # The interpreter collects garbage, clears the modules that are still there, and then clears `sys`.
        sys.last_step = sys.modules["last_step"] = type(sys)("last_step")
        sys.last_step.value = LastStep(ref(Variables(main)))
    except Exception:
        pass  # The program has changed what this uses.


class Variables:
    """Lives as long as the variables of `__main__` do."""

    def __init__(self, main):
        self.by_name = vars(main)
        self.by_name["__variables__"] = self


class LastStep:
    """Clears `__main__` where something that the program has put into a preloaded module keeps it: its files are written."""

    def __init__(self, variables):
        self.variables = variables

    def __del__(self):
        if variables := self.variables():
            variables.by_name.clear()


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
watch_program_imports()
raise ImportError(name="sitecustomize")  # So that no module stays.
