"""How the interpreter of a Python context encodes values. The files of this folder run as one program, this one first."""

import sys

# Until the first cell the interpreter's own imports find no module of the workspace.
WORKSPACE_PATH = [path for path in sys.path if not path]
sys.path[:] = filter(None, sys.path)

import base64
import math
import re
from json import dumps

MAX_DEPTH = 32
# The cost of one JSON value: decoding many small values takes longer than their bytes suggest.
VALUE_BYTES = 210
MARK_LENGTH = 64
MAX_SAFE_INTEGER = 2**53 - 1
# The methods that represent a value as a MIME type, as in IPython.
REPRESENTATIONS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_latex_": "text/latex",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}

# The classes whose text has no other layout than its repr, and how long and many they may be on one line of 79 characters.
PLAIN = {int, float, bool, str, bytes, complex, type(None)}
MAX_LINE, MAX_IN_LINE = 79, 26

loaded_pretty = None
float_format = ""  # How the text of a float is made; empty, by repr.


def set_float_format(text):
    global float_format
    float_format = text


def to_result(value, max_bytes, max_text_length):
    """Encodes the last expression of a cell: as JSON if that is lossless, else as a bundle of MIME types."""
    if value is None:
        return {}
    shown = text_of(value)
    text = cut(shown, max_text_length)
    if not any(hasattr(type(value), name) for name in ["_repr_mimebundle_", *REPRESENTATIONS]):
        if has_at_most(max_bytes // VALUE_BYTES, value) and is_json(value) and cost_of(value) <= max_bytes:
            return {"value": value, "valueType": "json", "text": text}
    return {"value": shorten(to_bundle(value, shown), value, max_bytes), "valueType": "mime", "text": text}


def to_bundle(value, shown=None):
    bundle = {"text/plain": text_of(value) if shown is None else shown}
    if isinstance(value, type):
        return bundle
    for name, kind in REPRESENTATIONS.items():
        content = call_representation(value, name)
        if content is not None:
            bundle[kind] = content
    made = call_representation(value, "_repr_mimebundle_")
    if made is not None:
        bundle.update(made[0] if isinstance(made, tuple) else made)
    return check_bundle(bundle)


def call_representation(value, name):
    """Calls a representation method. None without the method, and when it fails, which is printed on stderr."""
    method = getattr(type(value), name, None)
    if method is None:
        return None
    try:
        content = getattr(value, name)()
        return content[0] if isinstance(content, tuple) and name != "_repr_mimebundle_" else content
    except Exception as error:
        print_error(error)
        return None


def check_bundle(bundle):
    if not isinstance(bundle, dict):
        raise TypeError("Cannot display a value as its representation must be a dict of MIME types")
    checked = {}
    for kind, content in bundle.items():
        if not isinstance(kind, str) or "/" not in kind:
            raise TypeError(f"Cannot display a value as {kind!r} is not a MIME type")
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode()
        checked[kind] = content if is_json(content) else safe_repr(content)
    return checked


def shorten(bundle, value, max_bytes):
    """Returns a bundle within its bound: the whole one, else its text, which is cut where it is too long."""
    if cost_of(bundle) <= max_bytes:
        return bundle
    text = bundle.get("text/plain")
    text = text if isinstance(text, str) else text_of(value)
    if cost_of({"text/plain": text}) <= max_bytes:
        return {"text/plain": text}
    return {"text/plain": cut(text, max_bytes // 16)}


def cut(text, max_length):
    """Returns a text within its bound, as characters that JSON carries. In a longer one, a mark stands for the middle."""
    text = str.encode(text, "utf-8", "backslashreplace").decode()
    if len(text) <= max_length:
        return text
    half = (max_length - MARK_LENGTH) // 2
    omitted = len(text[half:-half].encode())
    return f"{text[:half]}\n[… {omitted} bytes are left out here …]\n{text[-half:]}"


def is_json(value, depth=0):
    """Whether JSON is lossless: not for a tuple, NaN, or an integer beyond the precision of a double."""
    if depth > MAX_DEPTH:
        return False
    kind = type(value)
    if value is None or kind is bool:
        return True
    if kind is str:
        return value.isascii() or not re.search("[\ud800-\udfff]", value)
    if kind is int:
        return abs(value) <= MAX_SAFE_INTEGER
    if kind is float:
        return math.isfinite(value)
    if kind is list:
        return all(is_json(item, depth + 1) for item in value)
    return kind is dict and all(type(key) is str and is_json(item, depth + 1) for key, item in value.items())


def has_at_most(number, value):
    """Whether a value of JSON has at most so many values in it. Lists that contain one list many times are soon too many."""
    waiting, counted = [value], 0
    while waiting:
        items = waiting.pop()
        items = items.values() if isinstance(items, dict) else items if isinstance(items, list) else ()
        counted += 1
        if counted + len(waiting) + len(items) > number:
            return False
        waiting += items
    return True


def cost_of(value):
    return max(len(dumps(value)), count_values(value) * VALUE_BYTES)


def count_values(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(count_values(item) for item in items)


def text_of(value):
    """The text of a value as IPython's prompt shows it."""
    global loaded_pretty
    kind = type(value)
    if kind in PLAIN:
        return safe_repr(value)
    if kind in (list, tuple, dict) and len(value) <= MAX_IN_LINE:
        items = [*value, *value.values()] if kind is dict else value
        if all(type(item) in PLAIN for item in items):
            text = safe_repr(value) if float_format == "" else ""
            if 0 < len(text) <= MAX_LINE:
                return text
    if loaded_pretty is None:
        scope = dict(globals())
        OWN_GLOBALS.append(scope)
        exec(compile(PRETTY, "<pretty>", "exec"), scope)
        loaded_pretty = scope["pretty"]
    return loaded_pretty(value)


def safe_repr(value):
    try:
        return float_format % value if float_format and type(value) is float else repr(value)
    except Exception as error:
        return f"[a value that cannot be shown: {type(error).__name__}]"
