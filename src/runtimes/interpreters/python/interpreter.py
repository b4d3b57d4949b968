"""The interpreter of a Python context: runs one cell after the other, and interrupts them.

Each line on stdin is JSON: {"cell": {...}} while no cell runs, or {"interrupt": true}. A thread reads it, so that a cell can
be interrupted. At the end of a cell stdout and stderr each carry a report: NUL BEL STX, the cell's secret, JSON, and a line
feed; stdout says how the cell ended. Each display is a report on stdout that ends with EOT instead. A long report comes in
parts with the same prefix; ETB at the end means that another part follows. Everything else is output of the program.
"""

import fcntl
import os
import queue
import select
import signal
import sys
import threading
from json import dumps, loads
from time import monotonic, sleep

# How long the main thread sleeps at a time to let the listening thread run.
YIELD_SECONDS = 0.001
# How often the main thread yields after a cell's deadline. The value identifies the interpreter's own timer.
TIMER_SECONDS = 0.103


class Interpreter:
    def __init__(self):
        self.requests = os.dup(0)
        self.streams = [os.dup(1), os.dup(2)]
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self.pid = os.getpid()
        self.main = threading.get_ident()
        self.cells = Cells()
        self.queue = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.running = None  # The secret of the running cell.
        self.ending = None  # Why the running cell is being interrupted.
        self.interruptible = False  # Whether code of the cell runs now.
        self.deadline = None  # The cell's deadline, until the cell is interrupted for it.
        self.listening = False  # Whether the thread waits for a request.

    def serve(self):
        signal.signal(signal.SIGINT, self.on_interrupt)
        signal.signal(signal.SIGIO, self.yield_to_listener)
        try:
            fcntl.fcntl(self.requests, fcntl.F_SETOWN, self.pid)
            fcntl.fcntl(self.requests, fcntl.F_SETFL, fcntl.fcntl(self.requests, fcntl.F_GETFL) | os.O_ASYNC)
        except OSError:
            pass  # This kernel sends no SIGIO; an interrupt waits until the cell releases the interpreter's lock.
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self.run(self.queue.get())

    def listen(self):
        """Queues cells for the main thread, and interrupts it: on request, and at a cell's deadline."""
        text = b""
        while True:
            wait = None if self.deadline is None else max(0, self.deadline - monotonic())
            self.listening = True
            readable = select.select([self.requests], [], [], wait)[0]
            self.listening = False
            if not readable:
                self.deadline = None
                self.interrupt("timed_out")
                continue
            chunk = os.read(self.requests, 65536)
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
                self.queue.put(cell)

    def interrupt(self, ending):
        with self.lock:
            if self.running is None:
                return
            self.ending = self.ending or ending
        signal.pthread_kill(self.main, signal.SIGINT)

    def on_interrupt(self, _signal, _frame):
        """Raises KeyboardInterrupt in a cell: once to end it, and at every signal that the program sends itself."""
        if not self.interruptible:
            return
        self.interruptible = self.ending is None
        raise KeyboardInterrupt

    def yield_to_listener(self, _signal, _frame):
        """Waits for the thread, which otherwise gets no turn from a C function that only checks for signals."""
        while self.interruptible and self.is_due():
            sleep(YIELD_SECONDS)

    def is_due(self):
        """Whether the thread has something to do."""
        is_late = self.deadline is not None and monotonic() >= self.deadline
        return is_late or not self.listening or bool(select.select([self.requests], [], [], 0)[0])

    def set_timer(self, seconds):
        """Makes the main thread yield from a cell's deadline on, unless the program uses the timer itself."""
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, self.yield_to_listener)
        if signal.getsignal(signal.SIGALRM) == self.yield_to_listener and not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.setitimer(signal.ITIMER_REAL, seconds, TIMER_SECONDS)

    @staticmethod
    def clear_timer():
        if round(signal.getitimer(signal.ITIMER_REAL)[1], 6) == TIMER_SECONDS:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def run(self, cell):
        self.cells.begin(cell["maxResultBytes"], lambda bundle: self.display(cell["secret"], bundle))
        self.set_timer(cell["timeoutMs"] / 1000)
        try:
            self.interruptible = True
            report = self.execute(cell)
            self.interruptible = False
        except KeyboardInterrupt as error:  # It came before the cell began or after it ended.
            self.interruptible = False
            report = failure(error, None, cell) if self.ending is None else {"kind": self.ending}
        self.clear_timer()
        with self.lock:
            self.running = None
        if os.getpid() != self.pid:
            os._exit(0)  # A forked child of the cell that returned from it.
        report.update(self.cells.end())
        write_report(self.streams[0], cell["secret"], dumps(report))
        write_report(self.streams[1], cell["secret"], "{}")

    def execute(self, cell):
        try:
            if self.ending is not None:  # The interrupt came before the cell could be interrupted.
                self.interruptible = False
                raise KeyboardInterrupt
            report = {"kind": "done", **self.cells.execute(cell["code"], cell["name"], cell["maxTextLength"])}
        except SystemExit:
            flush()
            raise
        except BaseException as error:
            printed = print_error(error)
            # An error that takes until its interrupt to print is not asked for its text again.
            report = failure(error, printed, cell) if self.ending is None else {"kind": self.ending}
        flush()
        return report

    def display(self, secret, bundle):
        if os.getpid() == self.pid:  # Else a forked child of the cell displays.
            write_report(self.streams[0], secret, dumps(bundle), b"\x04")


def failure(error, printed, cell):
    return {"kind": "failed", "error": describe_error(error, printed, cell["maxTextLength"])}


def write_report(stream, secret, text, end=b"\n"):
    """Writes a report in parts that a pipe takes atomically, since other threads and processes may write to it."""
    text, prefix = text.encode(), b"\0\x07\x02" + secret.encode()
    room = select.PIPE_BUF - len(prefix) - 1
    for at in range(0, len(text), room):
        write_all(stream, prefix + text[at : at + room] + (b"\x17" if at + room < len(text) else end))


def write_all(stream, data):
    while data:
        try:
            data = data[os.write(stream, data) :]
        except BlockingIOError:  # The program has made the pipe non-blocking.
            select.select([], [stream], [])


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # The program has closed it.


sys.path[:0] = WORKSPACE_PATH
Interpreter().serve()
