"""The text of values as IPython's prompt shows it: a long value has each of its elements on a line of its own."""

import os
import re
import types

FLAGS = ("IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE", "DEBUG")


def method_of(kind):
    """The function that prints the values of a class: IPython's own for builtins, else what the class defines."""
    for one in kind.__mro__:
        if one in METHODS:
            return METHODS[one]
        own = vars(one).get("_repr_pretty_")
        if own is not None and callable(getattr(one, "_repr_pretty_", None)):
            return one._repr_pretty_
        if one is not object and callable(vars(one).get("__repr__")):
            return by_repr
    return by_default


def by_repr(value, printer, _cycle):
    with printer.group():
        for at, line in enumerate(safe_repr(value).splitlines()):
            if at:
                printer.break_()
            printer.text(line)


def by_default(value, printer, cycle):
    if type(value).__repr__ is not object.__repr__:
        return by_repr(value, printer, cycle)
    with printer.group(1, "<", ">"):
        printer.pretty(type(value))
        printer.text(f" at {id(value):#x}")


def sequence(start, end):
    def print_sequence(values, printer, cycle):
        if cycle:
            return printer.text(f"{start}...{end}")
        with printer.group(len(start), start, end):
            for value in printer.items(values):
                printer.pretty(value)
            if len(values) == 1 and isinstance(values, tuple):
                printer.text(",")

    return print_sequence


def set_of(start, end):
    print_elements = sequence(start, end)

    def print_set(values, printer, cycle):
        if not cycle and len(values) == 0:
            return printer.text(f"{type(values).__name__}()")
        print_elements(values if cycle or len(values) >= MAX_ITEMS else in_order(values), printer, cycle)

    return print_set


def in_order(values):
    for key in (None, str):
        try:
            return sorted(values, key=key)
        except Exception:
            pass  # They cannot be compared.
    return list(values)


def mapping(start, end):
    def print_mapping(values, printer, cycle):
        if cycle:
            return printer.text("{...}")
        with printer.group(len(start), start, end):
            for key in printer.items(values.keys()):
                printer.pretty(key)
                printer.text(": ")
                printer.pretty(values[key])

    return print_mapping


def collection(arguments_of, named_of=lambda _: {}):
    def print_collection(value, printer, cycle):
        name = type(value).__name__
        printer.call(name, *([Written("...")] if cycle else arguments_of(value)), **({} if cycle else named_of(value)))

    return print_collection


def print_namespace(value, printer, cycle):
    printer.call("namespace", *([Written("...")] if cycle else ()), **({} if cycle else vars(value)))


def print_pattern(value, printer, _cycle):
    flags = "|".join(f"re.{name}" for name in FLAGS if value.flags & getattr(re, name))
    pattern = "r" + repr(value.pattern).replace("\\\\", "\\")
    printer.call("re.compile", *(Written(text) for text in (pattern, flags) if text))


def print_class(value, printer, cycle):
    if next(one for one in type(value).__mro__ if "__repr__" in vars(one)) is not type:
        return by_repr(value, printer, cycle)
    printer.text(name_with_module(value))


def print_function(value, printer, _cycle):
    from inspect import signature

    try:
        parameters = str(signature(value))
    except ValueError:
        parameters = ""  # It is written in C.
    printer.text(f"<function {name_with_module(value)}{parameters}>")


def name_with_module(value):
    module, name = getattr(value, "__module__", None), value.__qualname__
    return name if module in (None, "builtins") else f"{module}.{name}"


def print_super(value, printer, _cycle):
    with printer.group(8, "<super: ", ">"):
        for part in printer.items([value.__thisclass__, value.__self__]):
            printer.pretty(part)


METHODS = {
    **dict.fromkeys((int, float, str, bytes, range, slice, bool, types.MethodType, type(None)), by_repr),
    tuple: sequence("(", ")"),
    list: sequence("[", "]"),
    dict: mapping("{", "}"),
    set: set_of("{", "}"),
    frozenset: set_of("frozenset({", "})"),
    type(os.environ): mapping("environ{", "}"),
    types.MappingProxyType: mapping("mappingproxy({", "})"),
    super: print_super,
    re.Pattern: print_pattern,
    type: print_class,
    types.FunctionType: print_function,
    types.BuiltinFunctionType: print_function,
    types.SimpleNamespace: print_namespace,
    BaseException: lambda value, printer, _: printer.call(name_with_module(type(value)), *getattr(value, "args", ())),
    collections.defaultdict: collection(lambda value: [value.default_factory, dict(value)]),
    collections.OrderedDict: collection(lambda value: [list(value.items())] if value else []),
    collections.Counter: collection(lambda value: [dict(value.most_common())] if value else []),
    collections.deque: collection(lambda value: [list(value)], lambda value: {} if value.maxlen is None else {"maxlen": value.maxlen}),
    collections.UserList: collection(lambda value: [value.data]),
}


def pretty(value):
    printer = PrettyPrinter()
    try:
        printer.pretty(value)
    except TooLong:
        return f"{''.join(printer.output)}..."
    except RecursionError:
        return safe_repr(value)
    except Exception as error:  # That of a `_repr_pretty_`.
        print_error(error)
        return safe_repr(value)
    return printer.getvalue()
