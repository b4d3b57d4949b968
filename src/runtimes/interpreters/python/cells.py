"""Executes the cells of a Python context in one namespace, and sends the values that they display."""

import ast
import builtins
import contextlib
import contextvars
import linecache
import sys
import threading
import types

MAX_DISPLAYS = 1000
COMPILED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CO_COROUTINE = 0x80


class Cells:
    def __init__(self, host):
        self.host = host
        self.lock = threading.Lock()  # Threads of the program may display.
        self.send = None  # Sends a display; None while no cell runs.
        self.waiting = []  # Displays that were made while no cell ran.
        self.max_bytes = self.room = 0  # The most bytes of a cell's displays, and those left to the running cell.
        self.sent = self.omitted = 0  # How many displays of the running cell were sent, and how many were not.
        self.loop = None
        self.context = contextvars.copy_context()  # All cells share their context variables.
        module = types.ModuleType("__main__")
        self.names = module.__dict__
        sys.modules["__main__"] = module
        builtins.display = self.display
        self.figures, self.ipython = Figures(self.display), OwnIPython(self)
        builtins.get_ipython = self.ipython.get_ipython
        sys.meta_path[:0] = [self.figures.watcher, self.ipython]
        sys.argv = [""]
        self.name = ""  # That of the running cell.
        self.history = History(self.names)
        self.before_cell = None  # Called before each cell.
        self.is_inside = False  # Whether code runs in the context variables of the cells.
        self.captured = None  # The list that takes displays instead of the cell.
        self.loaded_magics = None
        self.given_names = frozenset(self.names)
        builtins.__show__ = lambda value: None if value is None else self.display(value)

    def execute(self, code, name, max_text_length):
        """Executes a cell; returns the encoded value of its last expression."""
        return self.context.run(to_result, self.evaluate_and_show(code, name), self.max_bytes, max_text_length)

    def evaluate_and_show(self, code, name):
        """Evaluates a cell, and shows its figures, also those of a cell that fails."""
        try:
            value = self.evaluate(code, name)
        except Exception:
            self.figures.end_failed_cell()
            raise
        except BaseException:
            self.figures.close_all()
            raise
        self.context.run(self.figures.end_cell, value)
        return value

    def evaluate(self, code, name):
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        self.name = name
        self.history.begin(name, code)
        self.names.pop("__warningregistry__", None)  # A warning is shown once in each cell, as IPython shows it.
        if self.before_cell is not None:
            self.before_cell()
        value = self.run_source(code, name)
        self.history.keep(value)
        return value

    @property
    def interactivity(self):
        """Which expressions of a cell have a value."""
        return (self.ipython.shell or InteractiveShell).ast_node_interactivity

    @interactivity.setter
    def interactivity(self, value):
        (self.ipython.shell or InteractiveShell).ast_node_interactivity = value

    def lines(self):
        return linecache.cache[self.name][2] if self.name in linecache.cache else []

    def run_source(self, code, name):
        """Runs the code of a cell, or a part of it; returns the value of its last expression."""
        return self.run_tree(self.parse(code, name), code, name, self.names)

    def run_tree(self, tree, code, name, names):
        parts, is_silent = compile_parts(tree, name, code, self.interactivity)
        value = self.run_parts(parts, names, is_outside=getattr(tree, "is_cell_magic", False))
        return None if is_silent else value

    def run_parts(self, parts, names, is_outside):
        """Runs compiled parts in the cells' context variables. A cell magic runs outside of them, since its cell may await."""
        if is_outside or self.is_inside:
            return [eval(part, names) for part in parts][-1]
        self.is_inside = True
        try:
            if any(part.co_flags & CO_COROUTINE for part in parts):
                return self.wait_for(self.evaluate_async(parts, names))
            return [self.context.run(eval, part, names) for part in parts][-1]
        finally:
            self.is_inside = False

    def parse(self, code, name):
        """Parses Python. Only code that is no Python is looked at for lines of IPython's, and a word that may be one."""
        try:
            tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | COMPILED)
        except SyntaxError:
            tree = self.magics.parse(code, name)
            if tree is None:
                raise
            return tree
        if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Name):
            word = tree.body[0].value.id
            if word not in self.names and not hasattr(builtins, word) and self.magics.is_automatic(word):
                return self.magics.parse(f"%{word}", name)
        return tree

    @property
    def magics(self):
        """What IPython's lines do. It is compiled when the first of them comes."""
        if self.loaded_magics is None:
            scope = dict(globals())
            OWN_GLOBALS.append(scope)
            exec(compile(MAGICS, "<magics>", "exec"), scope)
            self.loaded_magics = scope["Magics"](self)
        return self.loaded_magics

    async def evaluate_async(self, parts, names):
        for part in parts:
            value = eval(part, names)
            if part.co_flags & CO_COROUTINE:
                value = await value
        return value

    def wait_for(self, coroutine):
        import asyncio

        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(coroutine, context=self.context)
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt as error:
            task.cancel()
            try:
                if not task.done():
                    self.loop.run_until_complete(task)
            except asyncio.CancelledError as cancelled:
                if without_own_frames(error.__traceback__) is None:  # The interrupt came while the loop was idle.
                    error.__traceback__ = cancelled.__traceback__  # Shows where the cell was waiting.
            except (Exception, KeyboardInterrupt):
                pass  # However the task ends, the cell is interrupted.
            raise error

    def display(self, *values, raw=False, **options):
        """Displays values beside what a cell prints; with raw, the values are bundles of MIME types."""
        if options:  # They are those of IPython's.
            from IPython.display import display

            return display(*values, raw=raw, **options)
        for value in values:
            if self.sent + len(self.waiting) >= MAX_DISPLAYS or self.room < 0:
                self.omitted += 1
                continue
            bundle = shorten(check_bundle(value) if raw else to_bundle(value), value, self.max_bytes)
            self.show_now(bundle)

    def show_now(self, bundle):
        """Sends a display behind what the cell has printed."""
        if self.captured is not None:
            self.captured.append(bundle)
            return
        flush()
        self.show(bundle)

    @contextlib.contextmanager
    def capture(self, bundles):
        """Puts displays into a list, and sends none."""
        outer, self.captured = self.captured, bundles
        try:
            yield
        finally:
            self.captured = outer

    def begin(self, max_bytes, send):
        """Begins a cell. Its displays are sent as they come, up to a number and a length."""
        with self.lock:
            self.max_bytes = self.room = max_bytes
            self.send = send
            waiting, self.waiting = self.waiting, []
        for bundle in waiting:
            self.show(bundle)

    def end(self):
        """Ends a cell; returns how many displays were left out."""
        with self.lock:
            omitted, self.sent, self.omitted = self.omitted, 0, 0
            self.room, self.send = self.max_bytes, None
        return {"displaysOmitted": omitted} if omitted else {}

    def show(self, bundle):
        """Sends a display whole: an interrupt comes before it or after it."""
        try:
            self.host.hold_interrupts()
            with self.lock:
                if self.send is None:
                    self.waiting.append(bundle)
                    return
                self.room -= cost_of(bundle) + 1
                if self.sent >= MAX_DISPLAYS or self.room < 0:
                    self.omitted += 1
                    return
                self.sent += 1
                self.send(bundle)
        finally:
            self.host.release_interrupts()


def compile_parts(tree, name, code="", interactivity="last_expr"):
    """Compiles a cell into the code before its last expression and that expression. Also whether a semicolon hides its value."""
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) and interactivity != "none" else None
    if interactivity == "all":
        for statement in tree.body:
            if isinstance(statement, ast.Expr):
                shown = ast.Call(ast.Name("__show__", ast.Load()), [statement.value], [])
                statement.value = ast.fix_missing_locations(ast.copy_location(shown, statement.value))
    parts = [compile(tree, name, "exec", COMPILED)]
    if last is None:
        return parts, False
    parts.append(compile(ast.Expression(last.value), name, "eval", COMPILED))
    return parts, tree.is_silent if hasattr(tree, "is_silent") else ";" in code and is_hidden(code, last)


def is_hidden(code, expression):
    """Whether a semicolon follows the last expression of a cell."""
    first, *others = code.splitlines()[expression.end_lineno - 1 :] or [""]
    behind = [first.encode()[expression.end_col_offset :].decode(), *others]
    return any(";" in line.partition("#")[0] for line in behind)
