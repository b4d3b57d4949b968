"""Executes the cells of a Python context in one namespace, and sends the values that they display."""

import ast
import builtins
import contextvars
import linecache
import re
import sys
import threading
import types

MAX_DISPLAYS = 1000
COMPILED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CO_COROUTINE = 0x80
# How a line of IPython's begins. No statement of Python's does.
IPYTHON_LINE = re.compile(r"\s*[%!]")
NOT_IPYTHON = (
    "IPython's % and ! are not supported here: run commands with subprocess, "
    "install packages with the session's install_packages, and remove other magics"
)


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
        sys.argv = [""]

    def execute(self, code, name, max_text_length):
        """Executes a cell; returns the encoded value of its last expression."""
        return self.context.run(to_result, self.evaluate(code, name), self.max_bytes, max_text_length)

    def evaluate(self, code, name):
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        try:
            tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | COMPILED)
        except SyntaxError as error:
            line = IPYTHON_LINE.match(error.text or "")
            if IPYTHON_LINE.match(code) or (line and error.offset <= line.end()):
                error.msg = NOT_IPYTHON
            raise
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts = [compile(tree, name, "exec", COMPILED)]
        if last is not None:
            parts.append(compile(ast.Expression(last.value), name, "eval", COMPILED))
        if any(part.co_flags & CO_COROUTINE for part in parts):
            return self.wait_for(self.evaluate_async(parts))
        return [self.context.run(eval, part, self.names) for part in parts][-1]

    async def evaluate_async(self, parts):
        for part in parts:
            value = eval(part, self.names)
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

    def display(self, *values, raw=False):
        """Displays values beside what a cell prints; with raw, the values are bundles of MIME types."""
        for value in values:
            if self.sent + len(self.waiting) >= MAX_DISPLAYS or self.room < 0:
                self.omitted += 1
                continue
            bundle = shorten(check_bundle(value) if raw else to_bundle(value), value, self.max_bytes)
            flush()
            self.show(bundle)

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
