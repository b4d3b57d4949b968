"""Divides the text of a value into lines as IPython's prompt does, by the algorithm of Oppen's 'Prettyprinting'."""

import collections

MAX_WIDTH = 79
MAX_ITEMS = 1000  # How many elements of a list, dict or set are shown.
MAX_LAID_OUT = 2**22  # The length of a text at which the layout stops.


class TooLong(Exception):
    """The text of a value reaches its bound."""


class Group:
    """Elements that stand on one line, or else on a line each."""

    def __init__(self, depth):
        self.depth, self.gaps, self.is_broken = depth, collections.deque(), False


class Text:
    def __init__(self, text):
        self.parts, self.width = [text], len(text)

    def write(self, printer):
        printer.write("".join(self.parts), self.width)


class Gap:
    """The space between two elements, or the line's end where their group does not fit on a line."""

    def __init__(self, printer, text):
        self.text, self.width, self.indentation = text, len(text), printer.indentation
        self.group = printer.open[-1]
        self.group.gaps.append(self)

    def write(self, printer):
        self.group.gaps.popleft()
        if self.group.is_broken:
            printer.new_line(self.indentation)
            return
        if not self.group.gaps:
            printer.forget(self.group)
        printer.write(self.text, self.width)


class Indentation:
    """Changes a printer's indentation, or groups what it writes, for the length of a `with`."""

    def __init__(self, begin, end):
        self.begin, self.end = begin, end

    def __enter__(self):
        self.begin()

    def __exit__(self, *_):
        self.end()


class PrettyPrinter:
    """The printer that `_repr_pretty_(printer, cycle)` gets; its methods are those of IPython's."""

    verbose, max_width, max_seq_length, newline = False, MAX_WIDTH, MAX_ITEMS, "\n"

    def __init__(self):
        self.output, self.length = [], 0
        self.column = self.indentation = 0
        self.buffer, self.buffered = collections.deque(), 0  # What may still be broken, and its width.
        root = Group(0)
        self.open, self.breakable_groups = [root], [[root]]
        self.stack = []  # The ids of the values around the one that is printed.

    def getvalue(self):
        self.flush()
        return "".join(self.output)

    def write(self, text, width):
        self.output.append(text)
        self.column += width
        self.length += width
        if self.length > MAX_LAID_OUT:
            raise TooLong

    def new_line(self, indentation):
        self.write("\n" + " " * indentation, indentation + 1)
        self.column = indentation

    def text(self, text):
        if not self.buffer:
            self.write(text, len(text))
            return
        if isinstance(self.buffer[-1], Text):
            self.buffer[-1].parts.append(text)
            self.buffer[-1].width += len(text)
        else:
            self.buffer.append(Text(text))
        self.buffered += len(text)
        self.break_outer_groups()

    def breakable(self, sep=" "):
        if self.open[-1].is_broken:
            self.flush()
            self.new_line(self.indentation)
            return
        self.buffer.append(Gap(self, sep))
        self.buffered += len(sep)
        self.break_outer_groups()

    def break_(self):
        group = self.outermost()
        if group is not None:
            self.break_group(group)
        self.flush()
        self.new_line(self.indentation)

    def begin_group(self, indent=0, open=""):
        if open:
            self.text(open)
        group = Group(self.open[-1].depth + 1)
        self.open.append(group)
        while len(self.breakable_groups) <= group.depth:
            self.breakable_groups.append([])
        self.breakable_groups[group.depth].append(group)
        self.indentation += indent

    def end_group(self, dedent=0, close=""):
        self.indentation -= dedent
        group = self.open.pop()
        if not group.gaps:
            self.forget(group)
        if close:
            self.text(close)

    def group(self, indent=0, open="", close=""):
        return Indentation(lambda: self.begin_group(indent, open), lambda: self.end_group(indent, close))

    def indent(self, indent):
        def change(by):
            self.indentation += by

        return Indentation(lambda: change(indent), lambda: change(-indent))

    def flush(self):
        for part in self.buffer:
            part.write(self)
        self.buffer.clear()
        self.buffered = 0

    def break_outer_groups(self):
        while self.column + self.buffered > MAX_WIDTH:
            group = self.outermost()
            if group is None:
                return
            self.break_group(group)

    def break_group(self, group):
        while group.gaps or self.buffer and isinstance(self.buffer[0], Text):
            part = self.buffer.popleft()
            self.buffered -= part.width
            part.write(self)

    def outermost(self):
        """Takes the outermost group that can be broken. The place at which it is deleted is IPython's."""
        for groups in self.breakable_groups:
            for at, group in enumerate(reversed(groups)):
                if group.gaps:
                    del groups[at]
                    group.is_broken = True
                    return group
            for group in groups:
                group.is_broken = True
            groups.clear()
        return None

    def forget(self, group):
        groups = self.breakable_groups[group.depth]
        if group in groups:
            groups.remove(group)

    def pretty(self, value):
        is_cycle = id(value) in self.stack
        self.stack.append(id(value))
        self.begin_group()
        try:
            method_of(type(value))(value, self, is_cycle)
        finally:
            self.end_group()
            self.stack.pop()

    def items(self, values):
        for at, value in enumerate(values):
            if at:
                self.text(",")
                self.breakable()
            if at >= MAX_ITEMS:
                self.text("...")
                return
            yield value

    def call(self, name, *arguments, **named):
        """Prints a call. Its inner group is that of IPython's object for calls, since lines break by depth."""
        with self.group(), self.group(len(name) + 1, f"{name}(", ")"):
            for key, value in self.items([*((None, one) for one in arguments), *named.items()]):
                if key is None:
                    self.pretty(value)
                    continue
                with self.group(len(key) + 1, f"{key}="):
                    self.pretty(value)


class Written:
    """A text that is printed as it is."""

    def __init__(self, text):
        self.content = text

    def _repr_pretty_(self, printer, _cycle):
        printer.text(self.content)
