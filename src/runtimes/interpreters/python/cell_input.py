"""The stdin of cells: the lines that came with the running cell, then those for which its client is asked."""

import builtins
import io
import sys

NO_LINE = "input() finds no line: give the cell `stdin`, with a line for each input()"


class CellInput(io.TextIOBase):
    encoding = "utf-8"

    def __init__(self, host):
        self.host = host
        self.text, self.at = "", 0
        self.asks = False  # Whether the client answers questions.
        sys.stdin = sys.__stdin__ = self
        builtins.input = self.input

    def begin(self, cell):
        self.text, self.at, self.asks = cell.get("stdin") or "", 0, cell.get("asksInput", False)
        if "getpass" in cell["code"] or "getpass" in sys.modules:
            import getpass

            if hasattr(getpass, "getpass"):
                getpass.getpass = self.getpass

    def readable(self):
        return True

    def read(self, size=-1):
        end = len(self.text) if size is None or size < 0 else self.at + size
        text, self.at = self.text[self.at : end], min(end, len(self.text))
        return text

    def readline(self, size=-1):
        end = self.text.find("\n", self.at) + 1 or len(self.text)
        line = self.read(end - self.at if size is None or size < 0 else min(size, end - self.at))
        if not line and size != 0 and self.asks:
            answer = self.ask("", False)
            return "" if answer is None else f"{answer}\n"
        return line

    def input(self, prompt="", /):
        """Reads a line of the cell's stdin, as the built-in function does, or asks the cell's client."""
        return self.next_line(str(prompt), sys.stdout, False)

    def getpass(self, prompt="Password: ", stream=None, *, echo_char=None):
        """Reads a line as input() does."""
        return self.next_line(prompt, stream or sys.stderr, True)

    def next_line(self, prompt, stream, is_secret):
        if self.at >= len(self.text) and self.asks:
            answer = self.ask(prompt, is_secret)
            if answer is None:
                raise EOFError("The client gives no input")
            return answer
        if stream is not None:
            stream.write(prompt)
            stream.flush()
        line = self.readline()
        if not line:
            raise EOFError(NO_LINE)
        return line.removesuffix("\n")

    def ask(self, prompt, is_secret):
        flush()
        return self.host.ask({"kind": "input", "prompt": prompt, "password": is_secret}).get("text")
