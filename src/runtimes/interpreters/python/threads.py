"""What interrupts the cells of a Python context in a process of its own: a thread, and signals.

Each line on stdin is JSON: {"cell": {...}} while no cell runs, {"interrupt": true}, or {"answer": {"id": ..., ...}} to a
question. The thread reads it, so that a cell can be interrupted.
"""

import fcntl
import linecache
import os
import queue
import select
import signal
import sys
import threading
from json import loads
from time import monotonic, sleep

# How long the main thread sleeps at a time to let the listening thread run.
YIELD_SECONDS = 0.001
# How often the main thread yields after a cell's deadline. The value identifies the interpreter's own timer.
TIMER_SECONDS = 0.103


class ThreadHost:
    def __init__(self):
        self.requests = os.dup(0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        self.interpreter = Interpreter(self)
        self.pid = os.getpid()
        self.main = threading.get_ident()
        self.queue = queue.SimpleQueue()
        self.answers = queue.SimpleQueue()
        self.asking = threading.Lock()
        self.questions = 0  # How many were asked.
        self.left = None  # The time that the cell has from its answer on, while the clock stands.
        self.lock = threading.Lock()
        self.running = None  # The secret of the running cell.
        self.ending = None  # Why the running cell is being interrupted.
        self.deadline = None  # The cell's deadline, until the cell is interrupted for it.
        self.listening = False  # Whether the thread waits for a request.

    def serve(self):
        signal.signal(signal.SIGINT, self.interpreter.on_interrupt)
        signal.signal(signal.SIGIO, self.yield_to_listener)
        try:
            fcntl.fcntl(self.requests, fcntl.F_SETOWN, self.pid)
            fcntl.fcntl(self.requests, fcntl.F_SETFL, fcntl.fcntl(self.requests, fcntl.F_GETFL) | os.O_ASYNC)
        except OSError:
            pass  # This kernel sends no SIGIO; an interrupt waits until the cell releases the interpreter's lock.
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            self.interpreter.run(self.queue.get())

    def listen(self):
        """Queues cells for the main thread, and interrupts it: on request, and at a cell's deadline."""
        text = b""
        while True:
            wait = None if self.deadline is None else max(0, self.deadline - monotonic())
            self.listening = True
            readable = select.select([self.requests], [], [], wait)[0]
            self.listening = False
            if not readable:
                if self.deadline is not None and monotonic() >= self.deadline:
                    self.deadline = None
                    self.interrupt("timed_out")
                continue
            chunk = os.read(self.requests, 65536)
            if not chunk:
                os._exit(0)  # The service is gone.
            *lines, text = (text + chunk).split(b"\n")
            for line in lines:
                message = loads(line)
                cell = message.get("cell")
                if "answer" in message:
                    if self.left is not None:
                        self.deadline, self.left = monotonic() + self.left, None
                    self.answers.put(message["answer"])
                    continue
                if cell is None:
                    self.interrupt("interrupted")
                    continue
                with self.lock:
                    self.running, self.ending, self.left = cell["secret"], None, None
                self.deadline = monotonic() + cell["timeoutMs"] / 1000
                self.queue.put(cell)

    def ask(self, question):
        """Asks the service, and waits for its answer. While it installs packages, the cell's time does not run."""
        if not self.is_own_process():
            raise EOFError("A child process of a cell cannot ask for input or packages")
        with self.asking:
            self.questions += 1
            if question["kind"] == "install" and self.deadline is not None:
                self.left, self.deadline = max(0, self.deadline - monotonic()), None
            self.interpreter.ask({"id": self.questions, **question})
            while True:
                answer = self.answers.get()
                if answer.get("id") == self.questions:
                    return answer

    def interrupt(self, ending):
        with self.lock:
            if self.running is None:
                return
            self.ending = self.ending or ending
        signal.pthread_kill(self.main, signal.SIGINT)

    @staticmethod
    def hold_interrupts():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])

    @staticmethod
    def release_interrupts():
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def yield_to_listener(self, _signal, _frame):
        """Waits for the thread, which otherwise gets no turn from a C function that only checks for signals."""
        while self.interpreter.interruptible and self.is_due():
            sleep(YIELD_SECONDS)

    def is_due(self):
        """Whether the thread has something to do."""
        is_late = self.deadline is not None and monotonic() >= self.deadline
        return is_late or not self.listening or bool(select.select([self.requests], [], [], 0)[0])

    def begin_cell(self, cell):
        """Makes the main thread yield from a cell's deadline on, unless the program uses the timer itself."""
        if signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            signal.signal(signal.SIGALRM, self.yield_to_listener)
        if signal.getsignal(signal.SIGALRM) == self.yield_to_listener and not signal.getitimer(signal.ITIMER_REAL)[0]:
            signal.setitimer(signal.ITIMER_REAL, cell["timeoutMs"] / 1000, TIMER_SECONDS)

    def end_cell(self):
        if round(signal.getitimer(signal.ITIMER_REAL)[1], 6) == TIMER_SECONDS:
            signal.setitimer(signal.ITIMER_REAL, 0)
        with self.lock:
            self.running = None
        if not self.is_own_process():
            os._exit(0)  # A forked child of the cell that returned from it.

    def is_own_process(self):
        return os.getpid() == self.pid


# Python 3.13 keeps the text of an argument, which this is, for a name that code of a program may have too.
getattr(linecache, "_interactive_cache", {}).clear()
sys.path[:0] = WORKSPACE_PATH
ThreadHost().serve()
