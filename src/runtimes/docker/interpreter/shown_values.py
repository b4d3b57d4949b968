"""How the interpreter of a Python context shows values and errors. It is run before interpreter.py, as one program."""

import base64
import math
import re
import sys
import traceback
from json import dumps

MAX_DEPTH = 32
# What one value of JSON costs at least, as reading it takes time; so many bytes may be 20,000 of them.
VALUE_BYTES = 210
MAX_SAFE_INTEGER = 2**53 - 1
# The methods by which values say what they are shown as, as in IPython.
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


def to_value(value, max_bytes):
    """What the last expression of a cell is answered as: JSON where it is that, else a bundle."""
    if value is None:
        return {}
    if not any(hasattr(type(value), name) for name in ["_repr_mimebundle_", *REPRESENTATIONS]) and is_json(value):
        if cost_of(value) <= max_bytes:
            return {"value": value, "valueType": "json"}
    return {"value": fit(to_bundle(value), value, max_bytes), "valueType": "mime"}


def to_bundle(value):
    bundle = {"text/plain": show(value)}
    if isinstance(value, type):
        return bundle
    for name, kind in REPRESENTATIONS.items():
        content = call_method(value, name)
        if content is not None:
            bundle[kind] = content
    made = call_method(value, "_repr_mimebundle_")
    if made is not None:
        bundle.update(made[0] if isinstance(made, tuple) else made)
    return check_bundle(bundle)


def call_method(value, name):
    """What a value says of itself; what fails to is told on stderr, and left out."""
    method = getattr(type(value), name, None)
    if method is None:
        return None
    try:
        content = getattr(value, name)()
        return content[0] if isinstance(content, tuple) and name != "_repr_mimebundle_" else content
    except Exception as error:
        complain(error)
        return None


def check_bundle(bundle):
    if not isinstance(bundle, dict):
        raise TypeError("Cannot display a value as what it is shown as must be a dict of MIME types")
    checked = {}
    for kind, content in bundle.items():
        if not isinstance(kind, str) or "/" not in kind:
            raise TypeError(f"Cannot display a value as {kind!r} is no MIME type")
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode()
        checked[kind] = content if is_json(content) else show(content)
    return checked


def fit(bundle, value, max_bytes):
    """A bundle that costs no more than it may: of a longer one, the text, or its head."""
    if cost_of(bundle) <= max_bytes:
        return bundle
    text = bundle.get("text/plain")
    text = text if isinstance(text, str) else show(value)
    if cost_of({"text/plain": text}) <= max_bytes:
        return {"text/plain": text}
    return {"text/plain": text[: max_bytes // 16] + "…"}


def is_json(value, depth=0):
    """Whether JSON carries a value whole: a tuple, NaN, or an integer that a double does not hold, it does not."""
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


def cost_of(value):
    return max(len(dumps(value)), count_values(value) * VALUE_BYTES)


def count_values(value):
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(count_values(item) for item in items)


def show(value):
    try:
        return repr(value)
    except Exception as error:
        return f"[a value that cannot be shown: {type(error).__name__}]"


def complain(error):
    """Prints an error with the frames of the program alone."""
    try:
        hide_own_frames(error)
        sys.stderr.write("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    except Exception:
        pass  # The program has closed its stderr, or its error cannot be shown.


def hide_own_frames(error):
    """Takes the interpreter's frames out of an error, and out of those that led to it."""
    errors, known = [error], set()
    while errors:
        one = errors.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            errors += [one.__cause__, one.__context__]
            one.__traceback__ = without_own(one.__traceback__)


def without_own(frames):
    """Leaves out the interpreter's frames, and those of asyncio that lead from them to the program's."""
    if is_own(frames):
        while frames is not None and (is_own(frames) or name_of(frames) in ("asyncio", "selectors")):
            frames = frames.tb_next
    at = frames
    while at is not None:
        while is_own(at.tb_next):
            at.tb_next = at.tb_next.tb_next
        at = at.tb_next
    return frames


def is_own(frames):
    return frames is not None and frames.tb_frame.f_globals is globals()


def name_of(frames):
    return str(frames.tb_frame.f_globals.get("__name__")).split(".")[0]
