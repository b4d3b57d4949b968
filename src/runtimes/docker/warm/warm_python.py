# Keeps a started Python warm until its program is known. Python imports this file as `usercustomize` at the end of its
# start, and runs the main file afterwards as usual. `launch.sh` describes the protocol. Until the program is known, nothing
# of the workspace is read, so that files of an earlier program are not run.
#
# stdin carries fields, each after its number of bytes and a colon: the number of variables, the variables; the number of
# files, for each its name and content; the command line. If the variables or packages change how Python starts, the program
# starts in a new Python. Only the kernel's copy of its command line, which lacks the arguments, shows a program that
# its start was warm.
import os

STARTUP_VARIABLES = ("PYTHON", "LC_", "LANG", "TZ")
CUSTOMIZATION = ("sitecustomize.py", "usercustomize.py")


def run_warm(sys, site):
    own_path = os.environ.pop("PYTHONPATH")
    for path, _, names in os.walk(own_path, topdown=False):
        for name in names:
            os.unlink(os.path.join(path, name))
        os.rmdir(path)
    sys.path.remove(own_path)
    sys.path_importer_cache.pop(own_path, None)
    del os.environ["PYTHONUSERBASE"]
    if search_path := os.environ.pop("CODEBEAKER_PYTHONPATH"):
        os.environ["PYTHONPATH"] = search_path

    os.write(1, b"\n")
    size = b""
    while piece := os.read(5, 64):
        size += piece
    os.close(5)
    if not size.strip():
        os._exit(1)
    field = read_fields(int(size))

    needs_restart = False
    for _ in range(int(next(field))):
        name, _, value = os.fsdecode(next(field)).partition("=")
        os.environ[name] = value
        needs_restart = needs_restart or name.startswith(STARTUP_VARIABLES)
    for _ in range(int(next(field))):
        with open(next(field), "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(next(field))
    argv = [os.fsdecode(word) for word in field]
    own_argv = sys.orig_argv
    paths = [os.path.abspath(path) for path in search_path.split(":")] if search_path else []
    site.USER_BASE = site.USER_SITE = None
    if (
        needs_restart
        or argv[: len(own_argv)] != own_argv
        or os.path.exists(site.getusersitepackages())
        or any(os.path.exists(os.path.join(path, name)) for path in paths for name in CUSTOMIZATION)
    ):
        restart(argv)
    sys.path[:0] = paths
    sys.argv[1:] = argv[len(own_argv) :]
    sys.orig_argv[:] = argv


def read_fields(size):
    message = b""
    while len(message) < size:
        piece = os.read(0, size - len(message))
        if not piece:
            os._exit(1)
        message += piece
    at = 0
    while at < size:
        start = message.index(b":", at) + 1
        at = start + int(message[at : start - 1])
        yield message[start:at]


def restart(argv):
    import _signal

    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and the new one would inherit that.
        _signal.signal(getattr(_signal, name), _signal.SIG_DFL)
    os.execvp(argv[0], argv)


try:
    run_warm(*map(__import__, ("sys", "site")))
except Exception as error:  # Python would ignore the error.
    os.write(2, f"The program cannot be started: {error}\n".encode())
    os._exit(126)
raise ImportError(name="usercustomize")  # So that no module stays.
