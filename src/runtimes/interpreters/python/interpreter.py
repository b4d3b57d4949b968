"""The interpreter of a Python context: runs one cell after the other. Its host interrupts them.

At the end of a cell stdout and stderr each carry a report: NUL BEL STX, the cell's secret, JSON, and a line feed; stdout
says how the cell ended. Each display is a report on stdout that ends with EOT instead, and each question to the service
one that ends with ENQ; on stderr such a report precedes
the text of the error. A long report comes in parts with
the same prefix; ETB at the end means that another part follows. Everything else is output of the program.

A host has `ask`, which asks a question of the service and waits for the answer. It has `ending`, which says why the running cell is being interrupted, or None. It calls `on_interrupt` for an
interrupt, with `begin_cell` and `end_cell` around the cell, and not between `hold_interrupts` and `release_interrupts`.
"""

import os
import select
import sys
from json import dumps


class Interpreter:
    def __init__(self, host):
        self.host = host
        self.streams = [os.dup(1), os.dup(2)]
        self.cells = Cells(host)
        self.input = CellInput(host)
        self.interruptible = False  # Whether code of the cell runs now.

    def on_interrupt(self, _signal=None, _frame=None):
        """Raises KeyboardInterrupt in a cell: once to end it, and at every signal that the program sends itself."""
        if not self.interruptible:
            return
        self.interruptible = self.host.ending is None
        raise KeyboardInterrupt

    def run(self, cell):
        self.cells.begin(cell["maxResultBytes"], lambda bundle: self.display(cell["secret"], bundle))
        self.host.begin_cell(cell)
        self.input.begin(cell)
        self.secret = cell["secret"]
        try:
            self.interruptible = True
            report = self.execute(cell)
            self.interruptible = False
        except KeyboardInterrupt as error:  # It came before the cell began or after it ended.
            self.interruptible = False
            ending = self.host.ending
            report = failure(error, None, cell) if ending is None else {"kind": ending}
        self.host.end_cell()
        report.update(self.cells.end())
        write_report(self.streams[0], cell["secret"], dumps(report))
        write_report(self.streams[1], cell["secret"], "{}")

    def execute(self, cell):
        try:
            if self.host.ending is not None:  # The interrupt came before the cell could be interrupted.
                self.interruptible = False
                raise KeyboardInterrupt
            report = {"kind": "done", "readsStdin": True, **self.cells.execute(cell["code"], cell["name"], cell["maxTextLength"])}
        except SystemExit:
            flush()
            raise
        except BaseException as error:
            if self.host.ending is None and self.host.is_own_process():
                flush()
                write_report(self.streams[1], cell["secret"], "{}", b"\x04")
            printed = print_error(error)
            ending = self.host.ending
            # An error that takes until its interrupt to print is not asked for its text again.
            report = failure(error, printed, cell) if ending is None else {"kind": ending}
        flush()
        return report

    def ask(self, question):
        """Sends a question to the service: {"id", "kind": "input", "prompt", "password"} or {"id", "kind": "install", "packages"}."""
        write_report(self.streams[0], self.secret, dumps(question), b"\x05")

    def display(self, secret, bundle):
        if self.host.is_own_process():  # Else a forked child of the cell displays.
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
