"""What interrupts the cells of a Python context in a process without threads and signals. JavaScript does: while Python
computes, CPython asks it for signals at intervals; while Python waits, JavaScript ends the waiting."""

import asyncio
import signal
import time
from json import loads

from pyodide import webloop
from pyodide.ffi import run_sync

OWN_FILES = ("file:///",)  # JavaScript's.


class CellHost:
    def __init__(self, outside, leave):
        self.outside = outside  # The object of JavaScript that says why the running cell is to end.
        self.leave = leave  # Ends the program; returns its exit code.
        self.waits = {}  # The futures that Python waits for, each with whether an interrupt has ended the waiting.
        self.holds = self.is_late = False
        self.interpreter = Interpreter(self)
        OWN_GLOBALS.append(webloop.__dict__)
        webloop.run_sync = self.wait
        time.sleep = self.sleep
        self.catch_ends()
        signal.signal(signal.SIGINT, self.on_signal)

    @property
    def ending(self):
        return self.outside.ending

    def run(self, line):
        """Runs a cell. Returns the exit code if it ends the program."""
        try:
            self.interpreter.run(loads(line)["cell"])
            return None
        except SystemExit as error:
            return self.leave(error.code, self.interpreter.cells.names)

    def begin_cell(self, cell):
        pass

    def end_cell(self):
        self.outside.end_cell()

    def is_own_process(self):
        return True

    def on_signal(self, _signal, _frame):
        if self.holds:
            self.is_late = True
            return
        self.interpreter.on_interrupt()

    def hold_interrupts(self):
        self.holds = True

    def release_interrupts(self):
        self.holds = False
        if self.is_late:
            self.is_late = False
            self.interpreter.on_interrupt()

    def catch_ends(self):
        """Catches errors in callbacks that end a cell or the program: they would be errors of JavaScript's."""
        begin = webloop.WebLoop.__init__

        def begin_loop(loop):
            begin(loop)
            loop._keyboard_interrupt_handler = self.stop_waiting
            loop._system_exit_handler = lambda code: self.outside.exit(self.leave(code, self.interpreter.cells.names))

        webloop.WebLoop.__init__ = begin_loop
        asyncio.set_event_loop(asyncio.new_event_loop())

    def wait(self, awaitable):
        """Waits for an awaitable, or until an interrupt. JavaScript runs meanwhile."""
        future = asyncio.ensure_future(awaitable)
        self.waits[future] = False
        try:
            result = run_sync(future)
        except BaseException as error:
            if not self.waits[future]:
                raise
            self.interpreter.interruptible = False
            raise KeyboardInterrupt().with_traceback(error.__traceback__) from None
        finally:
            is_stopped = self.waits.pop(future)
        if is_stopped:
            self.interpreter.interruptible = False
            raise KeyboardInterrupt
        return result

    def sleep(self, seconds):
        """Sleeps as time.sleep does, where no frame of asyncio's is in a traceback."""
        try:
            self.wait(asyncio.sleep(seconds))
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None

    def stop_waiting(self):
        """Interrupts what Python waits for. Returns whether it waits for anything."""
        for future in reversed(self.waits):
            self.waits[future] = True
            future.cancel()
        return bool(self.waits)
