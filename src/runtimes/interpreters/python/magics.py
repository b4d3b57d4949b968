"""The magics of cells, under IPython's names. A name that begins with `line_` is a line's, and one with `cell_` a cell's."""

import ast
import builtins
import contextlib
import io
import os
import shlex
import statistics
import sys
import time

MAX_TIMEIT_SECONDS = 10
ALIASES = {"ls": "ls -F", "ll": "ls -F -l", "cat": "cat", "mkdir": "mkdir", "rmdir": "rmdir", "rm": "rm", "cp": "cp", "mv": "mv"}
INSTEAD = {
    "conda": "use %pip, or the session's install_packages",
    "mamba": "use %pip, or the session's install_packages",
    "debug": "print what you want to see; the error's traceback is in the answer",
    "pdb": "print what you want to see; the error's traceback is in the answer",
    "store": "write to a file of the workspace",
    "load": "read the file, or use %run",
    "edit": "write the file with %%writefile",
    "notebook": "save the notebook in your client",
    "sql": "use a database's module, as sqlite3",
}
SCRIPT_OPTIONS = re.compile(r"((?:--no-raise-error\s*|--(?:out|err)[\s=]\s*\S+\s*)*)(.*)", re.DOTALL)
SETTINGS_WITHOUT_EFFECT = ("InlineBackend", "IPCompleter", "Completer", "HistoryManager")


class Magics:
    def __init__(self, cells):
        self.cells = cells
        self.names = cells.names
        self.shell = Shell(cells.names)
        self.places = [os.getcwd()]  # The directories of %cd, the last one at the end.
        builtins.__magics__ = self

    def parse(self, code, name):
        """Parses a cell with IPython's lines; returns None where it has none."""
        made = transform(code)
        if made is None and len(code.strip().splitlines()) == 1 and self.is_automatic(code.split()[0]):
            made = transform(f"%{code.strip()}")
        if made is None:
            return None
        source, changed = made
        tree = compile(source, name, "exec", ast.PyCF_ONLY_AST | COMPILED)
        tree.is_cell_magic = source.lstrip("\n").startswith("__magics__.cell(")
        last = tree.body[-1] if tree.body else None
        is_call = isinstance(last, ast.Expr) and last.lineno in changed
        tree.is_silent = isinstance(last, ast.Expr) and (is_call and code.rstrip().endswith(";") or is_hidden(source, last))
        return show_whole_lines(tree, code.splitlines(), changed)

    def is_automatic(self, word):
        """Whether a magic needs no % as no variable has its name."""
        is_known = word in ALIASES or word in INSTEAD or hasattr(self, f"line_{word}")
        return is_known and word not in self.names and not hasattr(builtins, word)

    def line(self, name, line, at=0):
        if name.startswith("%"):
            raise UsageError(f"A cell magic begins the first line of its cell: current value is %{name}")
        local = self.locals_of_caller()
        if name in ("time", "timeit", "prun"):
            return getattr(self, f"line_{name}")(line, at=at, local=local)
        line = self.shell.expand(line, local)
        if name in ALIASES:
            return self.run_shell(f"{ALIASES[name]} {line}".strip())
        function = getattr(self, f"line_{name}", None)
        if function is None:
            raise self.unknown("Line", f"%{name}", f"cell_{name}")
        return function(line)

    def cell(self, name, line, body, at=0):
        function = getattr(self, f"cell_{name}", None)
        if function is None:
            raise self.unknown("Cell", f"%%{name}", f"line_{name}")
        if name not in ("time", "timeit", "prun", "capture"):
            line = self.shell.expand(line, {})
        return function(line, body, at)

    def unknown(self, kind, shown, other):
        name = shown.strip("%")
        if name in INSTEAD:
            return UsageError(f"{shown} is not here: {INSTEAD[name]}")
        hint = f" ({'%%' if kind == 'Line' else '%'}{name} is there)" if hasattr(self, other) else ""
        known = " ".join(self.names_of("line_" if kind == "Line" else "cell_"))
        return UsageError(f"{kind} magic function `{shown}` not found{hint}. There are: {known}")

    def names_of(self, kind):
        mark = "%" if kind == "line_" else "%%"
        names = [name.removeprefix(kind) for name in dir(self) if name.startswith(kind)]
        return [mark + name for name in sorted([*names, *(ALIASES if kind == "line_" else ())])]

    def locals_of_caller(self):
        """The variables of the function that a magic is in; empty outside of functions."""
        frame = sys._getframe(2)
        return {} if frame.f_locals is frame.f_globals else dict(frame.f_locals)

    def run_code(self, code, at=0):
        """Runs code whose first line has a number; returns the value of its last expression."""
        return self.cells.run_source("\n" * at + code, self.cells.name)

    def parse_line(self, code, at):
        """Parses code that is in a line with a magic."""
        tree = self.cells.parse("\n" * at + code, self.cells.name)
        return show_whole_lines(tree, self.cells.lines(), {at + 1})

    # Commands

    def system(self, command):
        self.run_shell(self.shell.expand(command, self.locals_of_caller()))

    def getoutput(self, command):
        command = self.shell.expand(command, self.locals_of_caller())
        output, self.names["_exit_code"] = self.shell.read(shell_command(command))
        return SList(output.splitlines())

    def run_shell(self, command):
        install = parse_pip(command)
        if install is not None:
            self.names["_exit_code"] = self.pip(install)
            return
        self.names["_exit_code"] = self.shell.run(shell_command(command))

    def line_sx(self, line):
        output, self.names["_exit_code"] = self.shell.read(shell_command(line))
        return SList(output.splitlines())

    line_system = line_sx

    def cell_sx(self, _line, body, _at):
        return self.line_sx(body)

    cell_system = cell_sx

    def cell_bash(self, line, body, _at, program="bash"):
        options, words = options_of(line, flags=["no-raise-error"], values=["out", "err"])
        argv = [*words_of(program), *words]
        if "out" in options or "err" in options:
            captured = Captured()
            with redirect(captured):
                status = self.run_script(argv, body)
            for name, text in (("out", captured.stdout), ("err", captured.stderr)):
                if name in options:
                    self.names[options[name]] = text
        else:
            status = self.run_script(argv, body)
        self.names["_exit_code"] = status
        if status != 0 and "no-raise-error" not in options:
            raise subprocess.CalledProcessError(status, argv)

    def run_script(self, argv, body):
        try:
            return self.shell.run(argv, text=body, is_merged=False)
        except FileNotFoundError:
            raise UsageError(f"Cannot run the cell as this machine has no {argv[0]}") from None

    def cell_sh(self, line, body, at):
        return self.cell_bash(line, body, at, "sh")

    def cell_script(self, line, body, at):
        options, command = SCRIPT_OPTIONS.fullmatch(line.strip()).groups()
        if not command:
            raise UsageError("%%script takes a command")
        return self.cell_bash(options, body, at, command)

    def cell_python(self, line, body, at):
        return self.cell_bash(line, body, at, sys.executable)

    cell_python3 = cell_python

    def cell_perl(self, line, body, at):
        return self.cell_bash(line, body, at, "perl")

    def cell_ruby(self, line, body, at):
        return self.cell_bash(line, body, at, "ruby")

    def line_pip(self, line):
        self.run_shell(f"pip {line}")

    def pip(self, install):
        """Installs packages into the session; returns an exit code as pip does."""
        return install_packages(self, install)

    # Files and directories

    def line_cd(self, line):
        options, place = short_options(line, "", "q")
        is_quiet = "q" in options
        if place[:1] in ("'", '"') and place.endswith(place[:1]):
            place = place[1:-1]
        place = os.path.expanduser(place) if place else os.environ.get("HOME", "/")
        if place == "-":
            if len(self.places) < 2:
                raise UsageError("%cd - : there is no earlier directory")
            place = self.places[-2]
        try:
            os.chdir(place)
        except (OSError, ValueError) as error:
            print(error)
            return
        self.places.append(os.getcwd())
        if not is_quiet:
            print(os.getcwd())

    def line_pwd(self, _line):
        return os.getcwd()

    def cell_writefile(self, line, body, _at):
        words = words_of(line)
        append = "-a" in words or "--append" in words
        names = [word for word in words if word not in ("-a", "--append")]
        if len(names) != 1:
            raise UsageError("%%writefile takes the name of one file")
        path = os.path.expanduser(names[0])
        known = os.path.exists(path)
        print(f"{'Appending to' if append and known else 'Overwriting' if known else 'Writing'} {path}")
        with open(path, "a" if append else "w", encoding="utf-8") as file:
            file.write(body)

    cell_file = cell_writefile

    def line_run(self, line):
        """Runs a file as a program, and keeps its variables."""
        words = words_of(line)
        options = [word for word in words[:1] if word in ("-i", "-n", "-t")]
        if not words[len(options) :]:
            raise UsageError("%run takes the name of a file")
        path, *arguments = words[len(options) :]
        path = os.path.expanduser(path if path.endswith((".py", ".ipy", ".ipynb")) else f"{path}.py")
        if not os.path.exists(path):
            raise OSError(f"File `{path!r}` not found.")
        with open(path, encoding="utf-8") as file:
            code = file.read()
        if path.endswith(".ipynb"):
            for source in cells_of_notebook(code):
                self.cells.run_source(source, path)
            return
        names = self.names if "-i" in options else {"__builtins__": builtins}
        kept = {name: self.names.get(name) for name in ("__name__", "__file__")}
        names.update(__name__="__main__" if "-n" not in options else os.path.basename(path)[:-3], __file__=path)
        argv, sys.argv, paths = sys.argv, [path, *arguments], sys.path[:]
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        tree = self.cells.parse(code, path)
        try:
            for part in compile_parts(tree, path)[0]:
                eval(part, names)
        except SystemExit as error:
            if error.code not in (None, 0):
                print(f"{path} exited with {error.code}", file=sys.stderr)
        finally:
            sys.argv, sys.path[:] = argv, paths
            self.names.update({name: value for name, value in names.items() if not name.startswith("__")})
            self.names.update({name: value for name, value in kept.items() if value is not None})
            if kept["__file__"] is None:
                self.names.pop("__file__", None)

    # Time

    def line_time(self, line, at=0, local=None):
        names = {**self.names, **local} if local else self.names
        return self.measured(lambda: self.cells.run_tree(self.parse_line(line, at), "", self.cells.name, names))

    def cell_time(self, line, body, at=0):
        return self.measured(lambda: self.run_code(f"{line}\n{body}" if line else body, at - 1 if line else at))

    async def time_async(self, line, at):
        before = time.perf_counter(), os.times()
        tree = self.parse_line(line, at)
        value = await self.cells.evaluate_async(compile_parts(tree, self.cells.name)[0], self.names)
        print_times(before)
        return value

    @staticmethod
    def measured(act):
        before = time.perf_counter(), os.times()
        value = act()
        print_times(before)
        return value

    def line_timeit(self, line, at=0, local=None, body=None):
        import timeit

        options, rest = short_options(line, "nrp", "qoct")
        setup, statement = ("pass", rest) if body is None else (rest or "pass", body)
        if not statement.strip():
            return None
        names = {**self.names, **local} if local else self.names
        timer = timeit.Timer(statement, setup, time.process_time if "c" in options else time.perf_counter, globals=names)
        began = time.perf_counter()
        loops = 0 if options.get("n") in (None, "0") else count_of(options, "n", 0)
        repeats, precision = count_of(options, "r", 7), count_of(options, "p", 3)
        if loops == 0:
            loops = next(number for number in (10**power for power in range(10)) if timer.timeit(number) >= 0.2 or number == 10**9)
        times = []
        for _ in range(repeats):
            times.append(timer.timeit(loops) / loops)
            if "r" not in options and time.perf_counter() - began > MAX_TIMEIT_SECONDS:
                break
        result = TimeitResult(loops, times, precision)
        if "q" not in options:
            print(result)
        return result if "o" in options else None

    def cell_timeit(self, line, body, at=0):
        return self.line_timeit(line, at, body=body)

    def line_prun(self, line, at=0, local=None):
        import cProfile
        import pstats

        profile = cProfile.Profile()
        try:
            profile.runcall(self.run_code, short_options(line, "lsTD", "rq")[1], at)
        finally:
            pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(30)

    def cell_prun(self, _line, body, at=0):
        return self.line_prun(body, at)

    # Output

    def cell_capture(self, line, body, at=0):
        options, words = options_of(line, flags=["no-stdout", "no-stderr", "no-display"], values=[])
        captured = Captured()
        try:
            with redirect(captured, stdout="no-stdout" not in options, stderr="no-stderr" not in options):
                with contextlib.nullcontext() if "no-display" in options else self.cells.capture(captured.outputs):
                    value = self.run_code(body, at)
                    if value is not None:
                        self.cells.display(value)
                    self.cells.figures.end_cell()
        finally:
            if words:
                self.names[words[0]] = captured

    def line_precision(self, line):
        """Sets how many digits the text of a float has."""
        text = line.strip()
        if text.isdecimal():
            text = f"%.{text}f"
        if text:
            text % 3.14  # Fails for a wrong format.
        set_float_format(text)
        if "numpy" in sys.modules:
            sys.modules["numpy"].set_printoptions(precision=int(line) if line.strip().isdecimal() else 8)
        return text or "%r"

    # Variables

    def own_names(self):
        return sorted(name for name in self.names if name not in self.cells.given_names and not name.startswith("_"))

    def line_who_ls(self, line):
        kinds = line.split()
        return [name for name in self.own_names() if not kinds or type(self.names[name]).__name__ in kinds]

    def line_who(self, line):
        names = self.line_who_ls(line)
        print("\t ".join(names) + "\t " if names else "Interactive namespace is empty.")

    def line_whos(self, line):
        names = self.line_who_ls(line)
        if not names:
            print("Interactive namespace is empty.")
            return
        width, kinds = max(8, *map(len, names)), [type(self.names[name]).__name__ for name in names]
        kind_width = max(4, *map(len, kinds))
        print(f"{'Variable':<{width}}   {'Type':<{kind_width}}   Data/Info\n{'-' * (width + kind_width + 15)}")
        for name, kind in zip(names, kinds):
            text = safe_repr(self.names[name]).replace("\n", "\\n")
            print(f"{name:<{width}}   {kind:<{kind_width}}   {text if len(text) <= 60 else text[:57] + '...'}")

    def line_reset(self, line):
        words = line.split()
        if "-f" not in words:
            raise UsageError("%reset asks nobody here: use %reset -f to delete all variables")
        for name in self.own_names() if "out" not in words else ():
            del self.names[name]
        for name in [name for name in self.names if re.fullmatch(r"_\d+", name)]:
            del self.names[name]
        self.cells.history.values.clear()

    def line_reset_selective(self, line):
        options, pattern = short_options(line, "", "f")
        if "f" not in options:
            raise UsageError("%reset_selective asks nobody here: use %reset_selective -f PATTERN")
        for name in self.own_names():
            if re.search(pattern, name):
                del self.names[name]

    def line_xdel(self, line):
        del self.names[line.split()[-1]]

    def line_env(self, line):
        text = line.strip()
        if not text:
            return dict(os.environ)
        if "=" in text or " " in text:
            self.line_set_env(text)
            return None
        if text not in os.environ:
            raise UsageError(f"Environment does not have key: {text}")
        return os.environ[text]

    def line_set_env(self, line):
        name, _, value = line.strip().partition("=" if "=" in line else " ")
        if not value and "=" not in line:
            raise UsageError("%set_env takes NAME=value")
        if not name.strip() or "\0" in line:
            raise UsageError(f"%env takes a name and a value without NUL: current value is {line!r}")
        os.environ[name.strip()] = value.strip()
        print(f"env: {name.strip()}={value.strip()}")

    # Help

    def help(self, name, detail=1):
        if not name:
            print("x? shows what x is, x?? its source; %lsmagic lists the magics", flush=True)
            return
        if name.startswith("%"):
            word = name.lstrip("%")
            function = getattr(self, f"line_{word}", None) or getattr(self, f"cell_{word}", None)
            if function is None:
                raise self.unknown("Line", f"%{word}", f"cell_{word}")
            print(function.__doc__ or f"{name} does as in IPython.")
            return
        if "*" in name:
            import fnmatch

            print("\n".join(sorted(fnmatch.filter({*self.names, *dir(builtins)}, name))))
            return
        try:
            value = eval(name, self.names, self.locals_of_caller())
        except Exception:
            print(f"Object `{name}` not found.")
            return
        print(describe(value, has_source=detail > 1))

    def line_pinfo(self, line):
        self.help(line)

    def line_pinfo2(self, line):
        self.help(line, 2)

    line_psource = line_pinfo2

    def line_pdoc(self, line):
        import inspect

        print(inspect.getdoc(eval(line, self.names)))

    def line_lsmagic(self, _line):
        print("Available line magics:", *self.names_of("line_"), sep="  ")
        print("\nAvailable cell magics:", *self.names_of("cell_"), sep="  ")

    def line_magic(self, line):
        self.line_lsmagic(line)

    def line_history(self, _line):
        print("\n".join(self.cells.history.inputs[1:]))

    line_hist = line_history

    # Settings

    def line_matplotlib(self, line):
        import importlib.util

        word = line.strip().strip("\"'")
        if importlib.util.find_spec("matplotlib") is None:
            raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
        if word in ("-l", "--list"):
            print("Available matplotlib backends: ['agg', 'inline']")
        elif word not in ("", "inline", "agg", "auto"):
            print(f"%matplotlib {word}: there is no screen here, so figures are shown as pictures", file=sys.stderr)

    def line_pylab(self, line):
        self.line_matplotlib(line)
        self.run_code(
            "import numpy, matplotlib\nfrom matplotlib import pylab, mlab, pyplot\nnp, plt = numpy, pyplot\n"
            "from pylab import *\nfrom numpy import *"
        )

    def line_config(self, line):
        name, equals, value = (text.strip() for text in line.partition("="))
        owner, _, setting = name.partition(".")
        if not equals:
            print("%config takes CLASS.name = value", file=sys.stderr)
        elif setting.startswith("ast_") and setting.endswith("_interactivity"):  # Which expressions of a cell are shown.
            self.cells.interactivity = eval(value, self.names)
        elif owner not in SETTINGS_WITHOUT_EFFECT:
            print(f"%config {name} has no effect here", file=sys.stderr)

    def line_load_ext(self, line):
        name = line.strip()
        if name in ("autoreload", "storemagic"):
            return
        __import__(name)
        module = sys.modules[name]
        if not hasattr(module, "load_ipython_extension"):
            print(f"The {name} module is not an IPython extension.", file=sys.stderr)
            return
        raise UsageError(f"Cannot load the extension as it needs IPython itself, which cells run without: {name}")

    line_reload_ext = line_unload_ext = line_load_ext

    def line_autoreload(self, line):
        mode = line.split()[0] if line.split() else "now"
        reloads = {"0": False, "off": False, "1": True, "2": True, "3": True, "all": True, "explicit": True, "complete": True}
        self.cells.before_cell = Reloader().reload if reloads.get(mode) else None
        if mode == "now":
            Reloader(is_late=True).reload()

    line_aimport = line_colors = line_xmode = line_autosave = line_automagic = line_pprint = lambda self, line: print(
        "This magic has no effect here", file=sys.stderr
    )


def show_text(kind):
    def show(self, _line, body, _at):
        self.cells.display({kind: body, "text/plain": body}, raw=True)

    return show


for _names, _kind in (
    ("html HTML", "text/html"),
    ("markdown", "text/markdown"),
    ("latex", "text/latex"),
    ("svg SVG", "image/svg+xml"),
    ("javascript js", "application/javascript"),
):
    for _name in _names.split():
        setattr(Magics, f"cell_{_name}", show_text(_kind))
setattr(Magics, "cell_!", Magics.cell_sx)
