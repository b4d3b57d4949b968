"""The contents of every interpreter's memory before its program: modules that many programs import, and functions that begin
and end a program as `python3 -u` does."""

import atexit
import builtins
import gc
import importlib.machinery
import io
import json
import linecache
import logging
import os
import random
import sys
import threading
import time
import traceback
import types

# Modules that many programs import. Importing them takes longer than having them in memory.
PRELOADED = ["abc", "argparse", "array", "ast", "asyncio", "base64", "bisect", "calendar", "cmath", "collections"] + [
    *("contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib"),
    *("heapq", "html", "inspect", "io", "itertools", "json", "logging", "math", "operator", "os", "pathlib", "pickle"),
    *("platform", "pprint", "queue", "random", "re", "secrets", "shutil", "signal", "statistics", "string", "struct"),
    *("subprocess", "tempfile", "textwrap", "threading", "time", "timeit", "traceback", "typing", "unicodedata"),
    *("urllib.parse", "uuid", "zlib"),
]

own_cells = types.ModuleType("_codebeaker_cells")


def open_streams():
    """Makes output of the program be written at once, as with -u."""
    for name, descriptor, errors in ("stdout", 1, "strict"), ("stderr", 2, "backslashreplace"):
        raw = open(descriptor, "wb", 0, closefd=False)
        stream = io.TextIOWrapper(raw, "utf-8", errors, newline="\n", write_through=True)
        stream.mode = "w"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def warm_up(text, exit):
    """Runs code that every program runs, so that it is compiled. Leaves no trace, and calls a function as at an end.

    Its orders are those of a program whose directory has no modules, and one file.
    """
    orders = json.loads(text)
    path, modules, places = orders["file"], sys.modules.copy(), sys.path[:]
    begin([path], orders["directory"], orders)
    source_of(path)
    source = b"import os\nprint(*[f'{n}' for n in range(3)], file=out)\nraise ValueError('warm up')\n"
    out = open("/dev/null", "w", encoding="utf-8")
    main = main_module(path)
    main.out = out
    try:
        exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)
    except ValueError as error:
        remove_own_frames(error)
        traceback.print_exception(error, file=out)
    for descriptor in 1, 2:
        os.write(descriptor, b"")
    out.close()
    json.loads(json.dumps({"a": [1, 2.5, "b"]}))
    os.environ.clear()
    os.chdir("/")
    sys.modules.update(modules)
    sys.path[:] = places
    linecache.clearcache()
    exit(0)


def open_program(exit):
    """Opens the process of a program. Returns a function that runs it by its orders, which are JSON.

    Calls a function with its exit code, which ends the process.
    """
    waiting = own_cells.ProgramWaiting()

    def run(text):
        orders = json.loads(text)
        path = orders["file"]
        begin([path, *orders["args"]], os.path.dirname(path), orders)
        try:
            source = source_of(path)
        except OSError as error:
            print(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
            exit(2)
        main = main_module(path)
        sys.modules["__main__"] = main

        def end_by(act):
            exit(finish(guarded(act), main.__dict__))

        waiting.leave = lambda error: end_by(lambda: raise_error(error))
        end_by(lambda: exec(compile(source, path, "exec", dont_inherit=True), main.__dict__))

    return run


def source_of(path):
    with io.FileIO(path) as file:
        return file.readall()


def main_module(path):
    main = types.ModuleType("__main__")
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    main.__dict__.update(__file__=path, __builtins__=builtins, __cached__=None, __loader__=loader)
    return main


def raise_error(error):
    raise error


def open_cells(text, outside):
    """Opens a context by its orders, which are JSON. Returns the host of its cells."""
    orders = json.loads(text)
    begin([""], "", orders)
    return own_cells.CellHost(outside, lambda code, scope: finish(status_of(code), scope))


def begin(argv, directory, orders):
    """Begins a program. Modules are searched for in the directory first; an empty one stands for the working directory."""
    os.environ.clear()
    os.environ.update(orders["env"])
    os.chdir(orders["directory"])
    random.seed()  # Every program begins with the same memory, and so with the same seed.
    logging._startTime = time.time_ns()
    sys.argv = argv
    sys.orig_argv = [sys.executable, *sys.argv]
    sys.excepthook = sys.__excepthook__
    given = [os.path.abspath(place) for place in orders["env"].get("PYTHONPATH", "").split(":") if place != ""]
    sys.path[:] = [directory, *given, *(place for place in sys.path if place != "")]
    for name in "_codebeaker", "js":
        sys.modules.pop(name, None)
    for place in directory or orders["directory"], *given:
        forget_shadowed(place)


def forget_shadowed(directory):
    """Forgets preloaded modules if a directory that comes before the library has a module of such a name."""
    try:
        names = {module_name(directory, name) for name in os.listdir(directory)}
    except OSError:
        return  # The caller reports that the main file is not there. Python looks past others.
    if names.isdisjoint(sys.modules):
        return  # Modules of packages come with their package.
    for name in [name for name in sys.modules if name.partition(".")[0] in names]:
        del sys.modules[name]


def module_name(directory, entry):
    """The name of the module that an entry of a directory is, or None."""
    name, dot, suffix = entry.partition(".")
    if dot:
        return name if suffix in ("py", "pyc") else None
    return name if os.path.isfile(f"{directory}/{entry}/__init__.py") else None


def guarded(act):
    """Calls a function that may end the program; returns the exit code."""
    try:
        act()
        return 0
    except SystemExit as error:
        return status_of(error.code)
    except BaseException as error:
        remove_own_frames(error)
        try:
            sys.excepthook(type(error), error, BaseException.__traceback__.__get__(error))
        except SystemExit as exit:
            return status_of(exit.code)
        except BaseException as another:
            print("Error in sys.excepthook:", file=sys.__stderr__)
            traceback.print_exception(another, file=sys.__stderr__)
            print("\nOriginal exception was:", file=sys.__stderr__)
            traceback.print_exception(error, file=sys.__stderr__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1


def remove_own_frames(error):
    """Removes the frames that are no program's from an error and from its causes."""
    for one in own_cells.with_causes(error):
        frames = []
        at = BaseException.__traceback__.__get__(one)
        while at is not None:
            if not is_own(at.tb_frame):
                frames.append(at)
            at = at.tb_next
        for frame, following in zip(frames, [*frames[1:], None]):
            frame.tb_next = following
        BaseException.with_traceback(one, frames[0] if frames else None)  # An error of JavaScript's has attributes of its own.


def is_own(frame):
    own = globals(), own_cells.__dict__
    return any(frame.f_globals is one for one in own) or frame.f_code.co_filename.startswith("file:///")


def status_of(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1


def finish(status, scope):
    threading._shutdown()
    atexit._run_exitfuncs()
    for name in scope:
        if not name.startswith("__"):
            scope[name] = None  # So that objects of the program see their end, as in an interpreter that ends.
    for stream in sys.stdout, sys.stderr:
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except Exception as error:
            print(f"Exception ignored on flushing {getattr(stream, 'name', 'a stream')}: {error}", file=sys.__stderr__)
            return status or 120
    return status


def load_cells():
    """Loads the interpreter of cells as a module: its code would take each context a while."""
    path = "/tmp/cells.py"
    code = compile(source_of(path), path, "exec", dont_inherit=True)
    os.unlink(path)
    exec(code, own_cells.__dict__)


def prepare():
    for name in PRELOADED:
        __import__(name)
    open_streams()
    load_cells()
    own = types.ModuleType("_codebeaker")
    own.open_cells, own.open_program, own.warm_up = open_cells, open_program, warm_up
    sys.modules["_codebeaker"] = own
    gc.collect()
    gc.freeze()


prepare()
