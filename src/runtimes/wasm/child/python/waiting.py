"""What Python waits for in a process of one thread, while JavaScript runs. An error that ends the program ends the waiting,
wherever it is raised: it would be an error of JavaScript's."""

import asyncio
import operator
import sys
import time

from pyodide import webloop
from pyodide.ffi import can_run_sync, run_sync


class Waiting:
    def __init__(self):
        self.ends = {}  # The futures that Python waits for, each with the error that ends the waiting, or None.
        webloop.run_sync = self.wait
        time.sleep = self.sleep
        begin = webloop.WebLoop.__init__

        def begin_loop(loop):
            begin(loop)
            loop._keyboard_interrupt_handler = lambda: self.on_end(sys.exception())
            loop._system_exit_handler = lambda _code: self.on_end(sys.exception())

        webloop.WebLoop.__init__ = begin_loop
        asyncio.set_event_loop(asyncio.new_event_loop())

    def on_end(self, error):
        """Hears of an error in a callback of an event loop that is to end the program."""

    def on_stop(self):
        """Hears that a waiting ends by an error of `stop`."""

    def wait(self, awaitable):
        """Waits for an awaitable, or until it is stopped. JavaScript runs meanwhile, and sees neither results nor errors."""
        future = asyncio.ensure_future(awaitable)
        done = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda _: done.set_result(None))
        self.ends[future] = None
        try:
            run_sync(done)
        finally:
            end = self.ends.pop(future)
        if end is None:
            return future.result()
        self.on_stop()
        try:
            future.result()
        except BaseException as error:
            end = end if end.__traceback__ else end.with_traceback(error.__traceback__)
        raise end from None

    def sleep(self, seconds):
        """Sleeps as time.sleep does, where no frame of asyncio's is in a traceback."""
        seconds = seconds if isinstance(seconds, float) else operator.index(seconds)
        if not seconds >= 0:
            raise ValueError("sleep length must be non-negative")
        if not can_run_sync():
            webloop._orig_sleep(seconds)
            return
        try:
            self.wait(asyncio.sleep(seconds))
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None

    def stop(self, new_error):
        """Ends the waiting by an error that a function makes. Returns whether Python waits for anything."""
        for future in reversed(self.ends):
            self.ends[future] = new_error()
            future.cancel()
        return bool(self.ends)


class ProgramWaiting(Waiting):
    def leave(self, error):
        """Ends the program by an error. The program has a function of its own for this."""

    def on_end(self, error):
        if not self.stop(lambda: error):
            self.leave(error)
