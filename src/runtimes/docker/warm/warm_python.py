# Makes Python wait for its program. It is Python's `usercustomize`, which is imported when everything else has started:
# what comes then, Python does with the main file as it always does. `launch.sh` says how a program is announced. Until
# then nothing of the workspace is looked at: what an earlier program left there is no program's to run.
#
# On stdin: fields, each behind the number of its bytes and a colon. How many variables there are, and these; how many
# files there are, and of each its name and its content; the command line. Where that could not have waited, since its
# variables or packages change how Python starts, it is started anew. What a program may see of all this is that the kernel
# knows its command line without its arguments.
import os

FORMATIVE = ("PYTHON", "LC_", "LANG", "TZ")
CUSTOMIZED = ("sitecustomize.py", "usercustomize.py")


def wait(sys, site):
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

    starts_anew = False
    for _ in range(int(next(field))):
        name, _, value = os.fsdecode(next(field)).partition("=")
        os.environ[name] = value
        starts_anew = starts_anew or name.startswith(FORMATIVE)
    for _ in range(int(next(field))):
        with open(next(field), "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(next(field))
    line = [os.fsdecode(word) for word in field]
    own_line = sys.orig_argv
    paths = [os.path.abspath(path) for path in search_path.split(":")] if search_path else []
    site.USER_BASE = site.USER_SITE = None
    if (
        starts_anew
        or line[: len(own_line)] != own_line
        or os.path.exists(site.getusersitepackages())
        or any(os.path.exists(os.path.join(path, name)) for path in paths for name in CUSTOMIZED)
    ):
        start(line)
    sys.path[:0] = paths
    sys.argv[1:] = line[len(own_line) :]
    sys.orig_argv[:] = line


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


def start(line):
    import _signal

    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what follows would too.
        _signal.signal(getattr(_signal, name), _signal.SIG_DFL)
    os.execvp(line[0], line)


try:
    wait(*map(__import__, ("sys", "site")))
except Exception as error:  # Python would go on without a word of it.
    os.write(2, f"The program cannot be started: {error}\n".encode())
    os._exit(126)
raise ImportError(name="usercustomize")  # It leaves no module behind.
