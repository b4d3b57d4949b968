"""Runs commands for the cells of a Python context, inside of the context's own confinement."""

import os
import pathlib
import shutil
import signal
import string
import subprocess

# The most bytes of a command that become a value of Python. A list of lines takes up to 60 times their bytes.
MAX_CAPTURED = 8 * 2**20
END_SECONDS = 0.3  # How long an interrupted command may take to end by itself.
VARIABLE = re.compile(r"\$(\$?)([^\W\d][\w.]*)")


class UsageError(Exception):
    """A magic that is not there, or that was used in a wrong way."""


class SList(list):
    """The lines that a command printed: a list, with its text as n and s, and its lines as l and p."""

    @property
    def l(self):
        return list(self)

    @property
    def n(self):
        return "\n".join(self)

    @property
    def s(self):
        return " ".join(self)

    @property
    def p(self):
        return [pathlib.Path(line) for line in self if os.path.exists(line)]

    def grep(self, pattern, prune=False):
        matches = pattern if callable(pattern) else lambda line: re.search(pattern, line, re.IGNORECASE)
        return SList(line for line in self if bool(matches(line)) != prune)

    def fields(self, *numbers):
        rows = [line.split() for line in self]
        if not numbers:
            return rows
        return SList(" ".join(row[number] for number in numbers if -len(row) <= number < len(row)) for row in rows)

    get_list, get_nlstr, get_spstr, get_paths = l.fget, n.fget, s.fget, p.fget


class Shell:
    def __init__(self, names):
        self.names = names

    def expand(self, text, variables):
        """Puts the values of variables into a command: for {an expression} and $name. A text that does not fit stays."""
        pieces = []
        try:
            for literal, field, form, conversion in string.Formatter().parse(text):
                pieces.append(self.expand_names(literal, variables))
                if field is not None:
                    value = eval(field, self.names, variables)
                    value = string.Formatter().convert_field(value, conversion)
                    pieces.append(format(value, form))
        except Exception:
            return self.expand_names(text, variables)  # Braces of the command itself, as awk's.
        return "".join(pieces)

    def expand_names(self, text, variables):
        def value_of(match):
            escape, name = match.groups()
            if escape:
                return f"${name}"
            if text[: match.start()].count("'") % 2:
                return match.group()  # A shell puts no value there either.
            try:
                return str(eval(name.rstrip("."), self.names, variables)) + "." * (len(name) - len(name.rstrip(".")))
            except Exception:
                return match.group()  # A variable of the shell.

        return VARIABLE.sub(value_of, text)

    def run(self, argv, text=None, is_merged=True):
        """Runs a command to its end, whose output is the cell's. Returns its exit code."""
        is_direct = sys.stdout is sys.__stdout__ and sys.stderr is sys.__stderr__
        flush()
        process = start_command(argv, stdout=None if is_direct else subprocess.PIPE, text=text, is_merged=is_merged)
        with ended_by_interrupt(process):
            if is_direct:
                if text is not None:
                    feed_command(process, text)
                return process.wait()
            outputs = read_outputs(process, text)
        for stream, output in zip((sys.stdout, sys.stderr), outputs):
            if output:
                stream.write(output.decode(errors="replace"))
        return process.returncode

    def read(self, argv):
        """Runs a command; returns what it printed, and its exit code."""
        flush()
        process = start_command(argv, stdout=subprocess.PIPE)
        with ended_by_interrupt(process):
            output = read_outputs(process)[0]
        return output.decode(errors="replace"), process.returncode


def start_command(argv, stdout, text=None, is_merged=True):
    if sys.platform == "emscripten":
        raise UsageError("WebAssembly has no processes: a cell of this runtime runs no commands (choose another runtime)")
    stdin = subprocess.DEVNULL if text is None else subprocess.PIPE
    stderr = stdout
    if is_merged:
        stderr = subprocess.STDOUT
    return subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True)


def feed_command(process, text):
    try:
        with process.stdin as stdin:
            stdin.write(text.encode())
    except BrokenPipeError:
        pass  # The command does not read it.


def read_outputs(process, text=None):
    """Reads what a command prints, to its end or to the bound. Its input is written meanwhile."""
    import selectors

    data = b"" if text is None else text.encode()
    outputs, room = {process.stdout: [], process.stderr: []}, MAX_CAPTURED
    with selectors.DefaultSelector() as selector:
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        while selector.get_map():
            for key, _ in selector.select():
                stream = key.fileobj
                if stream is process.stdin:
                    try:
                        data = data[os.write(stream.fileno(), data) :] if data else b""
                    except BrokenPipeError:
                        data = b""  # The command does not read it.
                    chunk = data
                else:
                    chunk = os.read(stream.fileno(), 65536)
                    outputs[stream].append(chunk)
                    room -= len(chunk)
                if not chunk:
                    selector.unregister(stream)
                    stream.close()
                if room < 0:
                    raise UsageError(f"The command prints more than a variable takes ({MAX_CAPTURED} bytes): write to a file")
    process.wait()
    return [b"".join(outputs[stream]) for stream in (process.stdout, process.stderr)]


def words_of(text):
    """The words of a line, divided as a shell does."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"Cannot read the line ({str(error)[:1].lower()}{str(error)[1:]}): current value is {text}") from None


class ended_by_interrupt:
    """Ends a command with all that it started when its cell is interrupted or fails."""

    def __init__(self, process):
        self.process = process

    def __enter__(self):
        return self.process

    def __exit__(self, kind, _error, _traceback):
        if kind is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except OSError:
                pass  # It has ended.
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        if kind is KeyboardInterrupt:
            raise KeyboardInterrupt from None


def shell_command(text):
    """The command line for sh. A Python that is there under its longer name alone is found under the short one too."""
    if re.search(r"\bpython\b", text) and shutil.which("python") is None:
        text = f'python() {{ {sys.executable} "$@"; }}\n{text}'
    return ["/bin/sh", "-c", text]
