"""The interpreter of a Python context: evaluates one cell after the other in one namespace.

The service writes a line of JSON on stdin: {"cell": {...}} when no other cell is under way, or {"interrupt": true}. At the
end of a cell, stdout and stderr each carry NUL BEL STX, the cell's secret, JSON, and a line feed; that on stdout says how it
ended. Whatever is printed besides is the program's. A thread reads stdin, so that a cell can be interrupted.
"""

import ast
import base64
import builtins
import linecache
import math
import os
import queue
import re
import select
import signal
import sys
import threading
import time
import traceback
import types
from json import dumps, loads

MAX_DEPTH = 32
# What one value of JSON costs at least, as reading it takes time; so many bytes may be 20,000 of them.
VALUE_BYTES = 210
MAX_SAFE_INTEGER = 2**53 - 1
MAX_DISPLAYS = 1000
# The methods by which values say what they are shown as, as in IPython.
REPRESENTATIONS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}


class Interpreter:
    def __init__(self):
        self.orders = os.dup(0)
        self.streams = [os.dup(1), os.dup(2)]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self.pid = os.getpid()
        self.main = threading.get_ident()
        self.cells = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.running = None  # The secret of the cell that is under way.
        self.ending = None  # Why that is being interrupted.
        self.interruptible = False  # Whether what is evaluated now may be.
        self.shown = []
        self.dropped = 0
        self.loop = None
        module = types.ModuleType("__main__")
        self.names = module.__dict__
        sys.modules["__main__"] = module
        builtins.display = self.display
        sys.argv = [""]

    def serve(self):
        signal.signal(signal.SIGINT, self.on_interrupt)
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self.run(self.cells.get())

    def listen(self):
        """Hands cells to the main thread, and interrupts it: when it is told to, and at a cell's deadline."""
        text = b""
        deadline = None
        while True:
            wait = None if deadline is None else max(0, deadline - time.monotonic())
            if not select.select([self.orders], [], [], wait)[0]:
                deadline = None
                self.interrupt("timed_out")
                continue
            chunk = os.read(self.orders, 65536)
            if not chunk:
                os._exit(0)  # The service is gone.
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                cell = loads(line).get("cell")
                if cell is None:
                    self.interrupt("interrupted")
                    continue
                with self.lock:
                    self.running, self.ending = cell["secret"], None
                deadline = time.monotonic() + cell["timeoutMs"] / 1000
                self.cells.put(cell)

    def interrupt(self, ending):
        with self.lock:
            if self.running is None:
                return
            self.ending = self.ending or ending
        signal.pthread_kill(self.main, signal.SIGINT)

    def on_interrupt(self, _signal, _frame):
        """Raises in a cell alone, and once for what ends it; the program may signal itself as often as it likes."""
        if not self.interruptible:
            return
        self.interruptible = self.ending is None
        raise KeyboardInterrupt

    def run(self, cell):
        try:
            self.interruptible = True
            report = self.evaluate(cell)
            self.interruptible = False
        except KeyboardInterrupt:  # It came when the cell was over already, or had not begun.
            self.interruptible = False
            report = {"kind": self.ending or "failed"}
        with self.lock:
            self.running = None
        if os.getpid() != self.pid:
            os._exit(0)  # A child that the cell forked, and that came this far.
        report.update(self.take_displays(cell["maxResultBytes"]))
        end = b"\0\x07\x02" + cell["secret"].encode()
        self.put(self.streams[0], end + dumps(report).encode() + b"\n")
        self.put(self.streams[1], end + b"{}\n")

    def evaluate(self, cell):
        try:
            if self.ending is not None:  # It was told before there was anything to interrupt.
                self.interruptible = False
                raise KeyboardInterrupt
            value = self.execute(cell["code"], cell["name"])
            report = {"kind": "done", **to_value(value, cell["maxResultBytes"])}
        except (SystemExit, GeneratorExit):
            flush()
            raise
        except BaseException as error:
            report = {"kind": "failed"}
            if isinstance(error, KeyboardInterrupt) and self.ending is not None:
                report = {"kind": self.ending}
            complain(error)
        flush()
        return report

    def execute(self, code, name):
        """Runs a cell; gives what its last expression came to."""
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        self.call(compile(tree, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
        if last is None:
            return None
        return self.call(compile(ast.Expression(last.value), name, "eval", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))

    def call(self, code):
        if not code.co_flags & 0x80:  # CO_COROUTINE
            return eval(code, self.names)
        import asyncio

        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        task = self.loop.create_task(eval(code, self.names))
        try:
            return self.loop.run_until_complete(task)
        except KeyboardInterrupt:
            task.cancel()
            self.loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
            raise

    def display(self, *values, raw=False):
        """Shows values beside what a cell prints; with raw, they are MIME bundles themselves."""
        for value in values:
            if len(self.shown) >= MAX_DISPLAYS:
                self.dropped += 1
                continue
            self.shown.append((check_bundle(value) if raw else to_bundle(value), value))

    def take_displays(self, max_bytes):
        shown, self.shown = self.shown, []
        displays, room = [], max_bytes
        for bundle, value in shown:
            bundle = fit(bundle, value, max_bytes)
            room -= cost_of(bundle) + 1
            if room >= 0:
                displays.append(bundle)
        omitted = len(shown) - len(displays) + self.dropped
        self.dropped = 0
        return {"displays": displays, **({"displaysOmitted": omitted} if omitted else {})}

    @staticmethod
    def put(stream, data):
        while data:
            data = data[os.write(stream, data) :]


def to_value(value, max_bytes):
    """What the last expression of a cell is answered as: JSON where it is that, else a bundle."""
    if value is None:
        return {}
    if not any(hasattr(type(value), name) for name in ["_repr_mimebundle_", *REPRESENTATIONS]) and is_json(value):
        if cost_of(value) <= max_bytes:
            return {"value": value, "valueType": "json"}
    return {"value": fit(to_bundle(value), value, max_bytes), "valueType": "mime"}


def to_bundle(value):
    bundle = {"text/plain": show(value)}
    if isinstance(value, type):
        return bundle
    for name, kind in REPRESENTATIONS.items():
        content = call_method(value, name)
        if content is not None:
            bundle[kind] = content
    made = call_method(value, "_repr_mimebundle_")
    if made is not None:
        bundle.update(made[0] if isinstance(made, tuple) else made)
    return check_bundle(bundle)


def call_method(value, name):
    """What a value says of itself; what fails to is told on stderr, and left out."""
    method = getattr(type(value), name, None)
    if method is None:
        return None
    try:
        content = getattr(value, name)()
        return content[0] if isinstance(content, tuple) and name != "_repr_mimebundle_" else content
    except Exception as error:
        complain(error)
        return None


def check_bundle(bundle):
    if not isinstance(bundle, dict):
        raise TypeError("Cannot display a value as what it is shown as must be a dict of MIME types")
    checked = {}
    for kind, content in bundle.items():
        if not isinstance(kind, str) or "/" not in kind:
            raise TypeError(f"Cannot display a value as {kind!r} is no MIME type")
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode()
        checked[kind] = content if is_json(content) else show(content)
    return checked


def fit(bundle, value, max_bytes):
    """A bundle that costs no more than it may: of a longer one, the text, or its head."""
    if cost_of(bundle) <= max_bytes:
        return bundle
    text = bundle.get("text/plain")
    text = text if isinstance(text, str) else show(value)
    if cost_of({"text/plain": text}) <= max_bytes:
        return {"text/plain": text}
    return {"text/plain": text[: max_bytes // 16] + "…"}


def is_json(value, depth=0):
    """Whether JSON carries a value whole: a tuple, NaN, or an integer that a double does not hold, it does not."""
    if depth > MAX_DEPTH:
        return False
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is str:
        return value.isascii() or not re.search("[\ud800-\udfff]", value)
    if kind is int:
        return abs(value) <= MAX_SAFE_INTEGER
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(is_json(item, depth + 1) for item in value)
    return kind is dict and all(type(key) is str and is_json(item, depth + 1) for key, item in value.items())


def cost_of(value):
    return max(len(dumps(value)), count_values(value) * VALUE_BYTES)


def count_values(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(count_values(item) for item in items)


def show(value):
    try:
        return repr(value)
    except Exception as error:
        return f"[a value that cannot be shown: {type(error).__name__}]"


def complain(error):
    """Prints an error with the frames of the program alone."""
    frames = skip_own(error.__traceback__)
    at = frames
    while at is not None:
        at.tb_next = skip_own(at.tb_next)
        at = at.tb_next
    try:
        sys.stderr.write("".join(traceback.format_exception(type(error), error, frames)))
    except Exception:
        pass  # The program has closed its stderr, or its error cannot be shown.


def skip_own(frames):
    while frames is not None and frames.tb_frame.f_globals is globals():
        frames = frames.tb_next
    return frames


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # The program has closed it.


Interpreter().serve()
