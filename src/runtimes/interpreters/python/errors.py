"""How the interpreter of a Python context prints errors: with the frames of the program alone."""

import sys
import traceback

MAX_NAME_LENGTH = 256
# The globals of functions, and how the names of files begin, that are no program's.
OWN_GLOBALS = [globals()]
OWN_FILES = ()
# The name of a class, which code of a metaclass cannot change.
name_of = type.__dict__["__name__"].__get__


def print_error(error):
    """Prints an error on stderr. Returns the text; None for an error that has none."""
    text = None
    try:
        remove_own_frames(error)
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        sys.stderr.write(text)
    except Exception:
        pass  # The program has closed its stderr, or its error cannot be printed.
    return text


def describe_error(error, printed, max_length):
    """Describes an error that was printed."""
    name = cut(name_of(type(error)), MAX_NAME_LENGTH)
    try:
        message = cut(str(error), max_length)
    except Exception:
        message = "<exception str() failed>"
    text = f"{name}: {message}" if printed is None else printed.rstrip("\n")
    return {"name": name, "message": message, "traceback": cut(text, max_length)}


def remove_own_frames(error):
    """Removes the interpreter's frames from an error and from its causes."""
    for one in with_causes(error):
        one.__traceback__ = without_own_frames(one.__traceback__)


def without_own_frames(frames):
    """Removes the interpreter's frames, and those of asyncio between them and the program's."""
    if is_own(frames):
        while frames is not None and (is_own(frames) or package_of(frames) in ("asyncio", "selectors")):
            frames = frames.tb_next
    at = frames
    while at is not None:
        while is_own(at.tb_next):
            at.tb_next = at.tb_next.tb_next
        at = at.tb_next
    return frames


def is_own(frames):
    if frames is None:
        return False
    frame = frames.tb_frame
    return any(frame.f_globals is own for own in OWN_GLOBALS) or frame.f_code.co_filename.startswith(OWN_FILES)


def package_of(frames):
    return str(frames.tb_frame.f_globals.get("__name__")).split(".")[0]
