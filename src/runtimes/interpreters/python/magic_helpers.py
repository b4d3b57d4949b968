"""What the magics are made of: options, captured output, times, descriptions, and modules that are loaded again."""


def options_of(line, flags, values):
    """The long options of a line, and its other words."""
    options, words, rest = {}, [], iter(words_of(line))
    for word in rest:
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--"):
            words.append(word)
        elif name in flags:
            options[name] = True
        elif name in values:
            options[name] = value if equals else next(rest, "")
        else:
            raise UsageError(f"Unknown option: {word}")
    return options, words


def count_of(options, name, default):
    """The number that an option has, which is above 0."""
    text = options.get(name, str(default))
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"-{name} takes a number above 0: current value is {text}")
    return int(text)


def short_options(line, with_value, flags):
    """The short options that a line begins with, and the rest of it."""
    options = {}
    while True:
        match = re.match(rf"\s*-(?:([{flags or '-'}]+)(?=\s|$)|([{with_value or '-'}])\s*(\S+))", line)
        if match is None:
            return options, line.strip()
        if match[1]:
            options.update(dict.fromkeys(match[1], True))
        else:
            options[match[2]] = match[3]
        line = line[match.end() :]


class Captured:
    """The output of a cell that was captured."""

    def __init__(self):
        self.streams = io.StringIO(), io.StringIO()
        self.outputs = []

    @property
    def stdout(self):
        return self.streams[0].getvalue()

    @property
    def stderr(self):
        return self.streams[1].getvalue()

    def show(self):
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)
        for bundle in self.outputs:
            display(bundle, raw=True)

    __call__ = show

    def __str__(self):
        return self.stdout


@contextlib.contextmanager
def redirect(captured, stdout=True, stderr=True):
    with contextlib.ExitStack() as stack:
        if stdout:
            stack.enter_context(contextlib.redirect_stdout(captured.streams[0]))
        if stderr:
            stack.enter_context(contextlib.redirect_stderr(captured.streams[1]))
        yield


def format_time(seconds, precision=3):
    if seconds >= 60:
        parts = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
        texts = []
        for unit, length in parts:
            count, seconds = divmod(seconds, length)
            if count:
                texts.append(f"{int(count)}{unit}")
        return " ".join(texts)
    power = 0 if seconds >= 1 else min(3, int(-math.floor(math.log10(seconds) / 3))) if seconds > 0 else 3
    return f"{seconds * 1000**power:.{precision}g} {['s', 'ms', 'μs', 'ns'][power]}"


def print_times(before):
    wall = time.perf_counter() - before[0]
    user, system = (after - earlier for after, earlier in zip(os.times()[:2], before[1][:2]))
    times = (format_time(seconds) if seconds > 0 else "0 ns" for seconds in (user, system, user + system))
    print("CPU times: user {}, sys: {}, total: {}".format(*times))
    print(f"Wall time: {format_time(wall)}")


class TimeitResult:
    def __init__(self, loops, times, precision):
        self.loops, self.repeat, self.timings = loops, len(times), times
        self.all_runs = [each * loops for each in times]
        self.best, self.worst = min(times), max(times)
        self.average, self.stdev = statistics.fmean(times), statistics.pstdev(times)
        self.precision = precision

    def __str__(self):
        plural = "" if self.loops == 1 else "s"
        mean, spread = format_time(self.average, self.precision), format_time(self.stdev, self.precision)
        runs = f"{self.repeat} run{'' if self.repeat == 1 else 's'}, {self.loops:,} loop{plural} each"
        return f"{mean} ± {spread} per loop (mean ± std. dev. of {runs})"

    def __repr__(self):
        return f"<TimeitResult : {self}>"


def describe(value, has_source):
    """Describes a value as IPython's `x?` does."""
    import inspect

    rows, is_callable = [], callable(value)
    if is_callable:
        try:
            rows.append(("Signature:", f"{getattr(value, '__name__', type(value).__name__)}{inspect.signature(value)}"))
        except (TypeError, ValueError):
            pass  # It is written in C.
    if not is_callable or not isinstance(value, type):
        rows.append(("Type:", type(value).__name__))
    if not is_callable:
        rows.append(("String form:", cut(str(value), 400)))
        if hasattr(type(value), "__len__"):
            rows.append(("Length:", str(len(value))))
    source = None
    try:
        rows.append(("File:", inspect.getfile(value if is_callable or inspect.ismodule(value) else type(value))))
        source = inspect.getsource(value) if has_source else None
    except (TypeError, OSError):
        pass  # It is a builtin.
    text = "\n".join(f"{name:<15}{content}" for name, content in rows)
    if source is not None:
        return f"{text}\nSource:\n{source.rstrip()}"
    documentation = inspect.getdoc(value)
    return f"{text}\nDocstring:\n{documentation}" if documentation else f"{text}\nDocstring:     <no docstring>"


def cells_of_notebook(text):
    from json import loads

    for cell in loads(text).get("cells", []):
        if cell.get("cell_type") == "code":
            source = cell["source"]
            yield source if isinstance(source, str) else "".join(source)


class Reloader:
    """Loads modules of the workspace again whose files have changed. Functions and classes that others hold change too."""

    def __init__(self, is_late=False):
        self.times = {} if is_late else {name: time for name, _, time in self.modules()}
        self.is_late = is_late

    @staticmethod
    def modules():
        root = os.path.realpath(os.environ.get("PWD", os.getcwd())), os.path.realpath(os.getcwd())
        for name, module in list(sys.modules.items()):
            path = getattr(module, "__file__", None)
            if name == "__main__" or not isinstance(path, str) or not os.path.realpath(path).startswith(root):
                continue
            try:
                yield name, module, os.stat(path).st_mtime_ns
            except OSError:
                pass  # The file is gone.

    def reload(self):
        import importlib

        for name, module, changed in self.modules():
            known = self.times.get(name)
            self.times[name] = changed
            if (known is None and not self.is_late) or known == changed:
                continue
            old = dict(vars(module))
            try:
                importlib.reload(module)
            except Exception as error:
                print(f"[autoreload of {name} failed: {error!r}]", file=sys.stderr)
                continue
            for key, value in old.items():
                renew(value, vars(module).get(key))


def renew(old, new):
    """Gives an old function or class the code of the new one."""
    if isinstance(old, types.FunctionType) and isinstance(new, types.FunctionType):
        for name in ("__code__", "__defaults__", "__kwdefaults__", "__doc__", "__dict__"):
            try:
                setattr(old, name, getattr(new, name))
            except (AttributeError, ValueError, TypeError):
                pass  # Its free variables differ.
    elif isinstance(old, type) and isinstance(new, type) and old is not new:
        for name, value in list(vars(new).items()):
            if name in ("__dict__", "__weakref__"):
                continue
            before = vars(old).get(name)
            if isinstance(before, types.FunctionType) and isinstance(value, types.FunctionType):
                renew(before, value)
                continue
            try:
                setattr(old, name, value)
            except (AttributeError, TypeError):
                pass  # It belongs to the class itself.
