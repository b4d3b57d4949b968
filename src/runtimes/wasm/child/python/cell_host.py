"""What interrupts the cells of a Python context in a process without threads and signals. JavaScript does: while Python
computes, CPython asks it for signals at intervals; while Python waits, JavaScript ends the waiting."""

import signal
from json import loads

from pyodide import webloop

OWN_FILES = ("file:///",)  # JavaScript's.
# Where the standard library's code says that it is.
LIBRARY = asyncio.gather.__code__.co_filename.removesuffix("asyncio/tasks.py")


class CellHost(Waiting):
    def __init__(self, outside, leave):
        self.outside = outside  # The object of JavaScript that says why the running cell is to end.
        self.leave = leave  # Ends the program; returns its exit code.
        self.holds = self.is_late = False
        self.questions = 0  # How many were asked.
        self.interpreter = Interpreter(self)
        OWN_GLOBALS.append(webloop.__dict__)
        super().__init__()
        self.interpreter.cells.loop = asyncio.get_event_loop()  # It runs always: a cell that does not wait makes tasks of it.
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

    def ask(self, question):
        """Asks the service, and waits for its answer."""
        self.questions += 1
        promise = self.outside.answer_to(self.questions)
        self.interpreter.ask({"id": self.questions, **question})

        async def wait():
            return loads(await promise)

        return self.wait(wait())

    def begin_cell(self, cell):
        pass

    def end_cell(self):
        self.outside.end_cell()

    def is_own_process(self):
        return True

    def on_signal(self, _signal, frame):
        if self.holds:
            self.is_late = True
        elif self.ends and is_of_waiting(frame):
            self.stop_waiting()
        else:
            self.interpreter.on_interrupt()

    def hold_interrupts(self):
        self.holds = True

    def release_interrupts(self):
        self.holds = False
        if self.is_late:
            self.is_late = False
            self.interpreter.on_interrupt()

    def on_end(self, error):
        if isinstance(error, SystemExit):
            self.outside.exit(self.leave(error.code, self.interpreter.cells.names))
        self.stop_waiting()

    def on_stop(self):
        self.interpreter.interruptible = False

    def stop_waiting(self):
        """Interrupts what Python waits for. Returns whether it waits for anything."""
        return self.stop(KeyboardInterrupt)


def is_of_waiting(frame):
    """Whether a frame belongs to what lets Python wait: an event loop, outside of the program's own callbacks. An error
    there would be JavaScript's, or would leave the waiting without its end."""
    while frame is not None and frame.f_code is not Waiting.wait.__code__:
        is_own = any(frame.f_globals is own for own in OWN_GLOBALS)
        if not is_own and not frame.f_code.co_filename.startswith(LIBRARY):
            return False
        frame = frame.f_back
    return True
