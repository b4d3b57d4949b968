"""The cells of a context and their values, under the names that IPython gives them: In, Out, _, __, ___, _1, _i and so on."""

MAX_KEPT = 1000
LAST_VALUES = ("_", "__", "___")
LAST_INPUTS = ("_i", "_ii", "_iii")


class History:
    def __init__(self, names):
        self.names = names
        self.inputs, self.values = [""], {}
        self.number = 0  # That of the running cell.
        self.last = ["", "", ""]
        names.update(In=self.inputs, Out=self.values, _ih=self.inputs, _oh=self.values)
        names.update(zip(LAST_VALUES, self.last), **dict.fromkeys(LAST_INPUTS, ""))

    def begin(self, name, code):
        """Keeps a cell as it begins. Its number is the one in its name; the first cell of a service (0) is none."""
        number = name.rpartition("_")[2]
        self.number = int(number) if number.isdecimal() else len(self.inputs)
        if self.number == 0:
            return
        self.inputs += [""] * (self.number - len(self.inputs) + 1)
        self.inputs[self.number] = code
        if self.number > MAX_KEPT:
            self.inputs[self.number - MAX_KEPT] = ""
            self.names.pop(f"_i{self.number - MAX_KEPT}", None)
        names = self.names
        names["_iii"], names["_ii"], names["_i"] = names.get("_ii"), names.get("_i"), self.inputs[self.number - 1]
        names[f"_i{self.number}"] = code

    def keep(self, value):
        """Keeps the value of the running cell. A program that uses the name _ itself keeps it."""
        if value is None or value is self.values or self.number == 0:
            return
        if len(self.values) >= MAX_KEPT:
            oldest = next(iter(self.values))
            del self.values[oldest]
            self.names.pop(f"_{oldest}", None)
        self.values[self.number] = self.names[f"_{self.number}"] = value
        if all(self.names.get(name, last) is last for name, last in zip(LAST_VALUES, self.last)):
            self.last = [value, *self.last[:2]]
            self.names.update(zip(LAST_VALUES, self.last))
