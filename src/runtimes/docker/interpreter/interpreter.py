"""The interpreter of a Python context: evaluates one cell after the other in one namespace.

The service writes a line of JSON on stdin: {"cell": {...}} when no other cell is under way, or {"interrupt": true}. At the
end of a cell, stdout and stderr each carry NUL BEL STX, the cell's secret, JSON, and a line feed; that on stdout says how it
ended. Long JSON comes in parts: each is led like that, and ends with ETB where another follows. Whatever is printed besides
is the program's. A thread reads stdin, so that a cell can be interrupted. It is run behind shown_values.py, as one program.
"""

import ast
import builtins
import contextvars
import fcntl
import linecache
import os
import queue
import select
import signal
import sys
import threading
import types
from json import dumps, loads
from time import monotonic, sleep

MAX_DISPLAYS = 1000
COMPILED = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
CO_COROUTINE = 0x80
# How long the main thread sleeps at a time, when it gives way to the one that listens.
TURN_SECONDS = 0.001
# How often it does from a cell's deadline on; nobody else's timer has this interval.
TIMER_SECONDS = 0.103


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
        self.deadline = None  # That of the cell, until it is interrupted for it.
        self.listening = False  # Whether the thread waits for what to do.
        self.shown = []
        self.dropped = 0
        self.loop = None
        self.context = contextvars.copy_context()  # What context variables are, in every cell.
        module = types.ModuleType("__main__")
        self.names = module.__dict__
        sys.modules["__main__"] = module
        builtins.display = self.display
        sys.argv = [""]

    def serve(self):
        signal.signal(signal.SIGINT, self.on_interrupt)
        signal.signal(signal.SIGIO, self.give_way)
        try:
            fcntl.fcntl(self.orders, fcntl.F_SETOWN, self.pid)
            fcntl.fcntl(self.orders, fcntl.F_SETFL, fcntl.fcntl(self.orders, fcntl.F_GETFL) | os.O_ASYNC)
        except OSError:
            pass  # This kernel signals nobody; an interrupt waits for what holds the interpreter's lock.
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self.run(self.cells.get())

    def listen(self):
        """Hands cells to the main thread, and interrupts it: when it is told to, and at a cell's deadline."""
        text = b""
        while True:
            wait = None if self.deadline is None else max(0, self.deadline - monotonic())
            self.listening = True
            ordered = select.select([self.orders], [], [], wait)[0]
            self.listening = False
            if not ordered:
                self.deadline = None
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
                self.deadline = monotonic() + cell["timeoutMs"] / 1000
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

    def give_way(self, _signal, _frame):
        """Waits for the thread, which gets no turn from a function that looks for signals and does nothing else."""
        while self.interruptible and self.is_due():
            sleep(TURN_SECONDS)

    def is_due(self):
        """Whether the thread has something to do."""
        is_late = self.deadline is not None and monotonic() >= self.deadline
        return is_late or not self.listening or bool(select.select([self.orders], [], [], 0)[0])

    def set_timer(self, seconds):
        """Has the main thread give way at a cell's deadline, unless the program uses the timer itself."""
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, self.give_way)
        if signal.getsignal(signal.SIGALRM) == self.give_way and not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.setitimer(signal.ITIMER_REAL, seconds, TIMER_SECONDS)

    @staticmethod
    def clear_timer():
        if round(signal.getitimer(signal.ITIMER_REAL)[1], 6) == TIMER_SECONDS:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def run(self, cell):
        self.set_timer(cell["timeoutMs"] / 1000)
        try:
            self.interruptible = True
            report = self.evaluate(cell)
            self.interruptible = False
        except KeyboardInterrupt:  # It came when the cell was over already, or had not begun.
            self.interruptible = False
            report = {"kind": self.ending or "failed"}
        self.clear_timer()
        with self.lock:
            self.running = None
        if os.getpid() != self.pid:
            os._exit(0)  # A child that the cell forked, and that came this far.
        report.update(self.context.run(self.take_displays, cell["maxResultBytes"]))
        tell(self.streams[0], cell["secret"], dumps(report))
        tell(self.streams[1], cell["secret"], "{}")

    def evaluate(self, cell):
        try:
            if self.ending is not None:  # It was told before there was anything to interrupt.
                self.interruptible = False
                raise KeyboardInterrupt
            value = self.execute(cell["code"], cell["name"])
            report = {"kind": "done", **self.context.run(to_value, value, cell["maxResultBytes"])}
        except SystemExit:
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
        tree = compile(code, name, "exec", ast.PyCF_ONLY_AST | COMPILED)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        parts = [compile(tree, name, "exec", COMPILED)]
        if last is not None:
            parts.append(compile(ast.Expression(last.value), name, "eval", COMPILED))
        if any(part.co_flags & CO_COROUTINE for part in parts):
            return self.wait_for(self.execute_awaiting(parts))
        return [self.context.run(eval, part, self.names) for part in parts][-1]

    async def execute_awaiting(self, parts):
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
                if without_own(error.__traceback__) is None:  # It came while nothing ran.
                    error.__traceback__ = cancelled.__traceback__  # What the cell was waiting for.
            except (Exception, KeyboardInterrupt):
                pass  # Whatever the cell makes of its end, it is interrupted.
            raise error

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


def tell(stream, secret, text):
    """Writes the end of a cell in parts that a pipe takes whole, whoever prints to it meanwhile."""
    text, begin = text.encode(), b"\0\x07\x02" + secret.encode()
    room = select.PIPE_BUF - len(begin) - 1
    for at in range(0, len(text), room):
        put(stream, begin + text[at : at + room] + (b"\x17" if at + room < len(text) else b"\n"))


def put(stream, data):
    while data:
        try:
            data = data[os.write(stream, data) :]
        except BlockingIOError:  # The program has made it one that does not wait.
            select.select([], [stream], [])


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # The program has closed it.


Interpreter().serve()
