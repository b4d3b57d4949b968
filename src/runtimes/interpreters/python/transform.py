"""Turns the lines of a cell that are IPython's, and not Python's, into calls of `__magics__`. Every line keeps its number."""

import ast
import re
import tokenize

PROMPT = re.compile(r"(?:>>>|\.\.\.|In \[\d+\]:| +\.{3,}:)(?: |$)")
FIRST_PROMPT = re.compile(r"\s*(?:>>> |In \[\d+\]: )")
TARGET = r"[^\W\d][\w.]*(?:\[[^\]\n]*\][\w.]*)*"
ASSIGNMENT = re.compile(rf"(\s*{TARGET}(?:\s*,\s*{TARGET})*)\s*=\s*([!%])(?!=)(.*)", re.DOTALL)
HELP_BEFORE = re.compile(r"(\s*)(\?\??)\s*([^\s?].*?)\s*;?\s*$", re.DOTALL)
HELP_BEHIND = re.compile(r"(\s*)(%{0,2}[^\W\d][\w.*]*(?:\[[^\]]*\][\w.*]*)*|[\w.]*\*[\w.*]*)\s*(\?\??)\s*;?\s*$")
ESCAPED = re.compile(r"(\s*)(!!|!|%)(?!=)(.*)", re.DOTALL)


def transform(code):
    """Returns the Python of a cell and the numbers of the lines that were IPython's; None where there are none."""
    lines = code.splitlines(True)
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    changed = set()
    if FIRST_PROMPT.match(code):
        lines = [PROMPT.sub("", line.lstrip() if line.lstrip().startswith((">>>", "...")) else line, count=1) for line in lines]
        changed.update(range(1, len(lines) + 1))
    elif lines and lines[first : first + 1] and lines[first][0] in " \t":
        lines = without_indent(lines)
        changed.update(range(1, len(lines) + 1))
    if first < len(lines) and lines[first].startswith("%%"):
        return "\n" * first + call_of_cell(lines[first:], first), {first + 1}
    at = first
    while at < len(lines):
        end = at + 1
        if is_escaped(lines[at]):
            while end < len(lines) and lines[end - 1].rstrip("\r\n").endswith("\\"):
                end += 1
            text = call_of_line(join_lines(lines[at:end]), at)
            lines[at:end] = [text + "\n"] + ["\n"] * (end - at - 1)
            changed.add(at + 1)
        else:
            end = end_of_statement(lines, at)
        at = end
    return ("".join(lines), changed) if changed else None


def without_indent(lines):
    """Removes the first line's indentation from all lines, as they were copied from within a block."""
    text = next(line for line in lines if line.strip())
    indent = text[: len(text) - len(text.lstrip())]
    return [line.removeprefix(indent) for line in lines]


def is_escaped(line):
    text = line.strip()
    if text.startswith(("%", "!", "?")):
        return True
    if text.rstrip(";").rstrip().endswith("?") and "#" not in text:
        return HELP_BEHIND.match(line) is not None
    return ASSIGNMENT.match(line) is not None


def end_of_statement(lines, at):
    """The index behind the lines of a statement of Python. Its strings and brackets may hold anything."""
    rest, is_empty = iter(lines[at:]), True
    try:
        for token in tokenize.generate_tokens(lambda: next(rest, "")):
            if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and is_empty):
                return at + token.start[0]
            is_empty = is_empty and token.type in (tokenize.COMMENT, tokenize.INDENT)
    except (SyntaxError, tokenize.TokenError):
        pass  # The compiler says what is wrong with it.
    return len(lines)


def join_lines(lines):
    texts = [line.rstrip("\r\n") for line in lines]
    return " ".join([text.rstrip("\\") if at < len(texts) - 1 else text for at, text in enumerate(texts)])


def call_of_cell(lines, first):
    name, _, line = lines[0][2:].strip().partition(" ")
    return f"__magics__.cell({name!r}, {line.strip()!r}, {''.join(lines[1:])!r}, {first + 1})"


def call_of_line(text, at):
    assignment = ASSIGNMENT.match(text)
    if assignment:
        target, kind, rest = assignment.groups()
        call = f"__magics__.getoutput({rest.strip()!r})" if kind == "!" else call_of_magic(rest, at)
        return f"{target} = {call}"
    if text.lstrip().startswith("?"):
        indent, marks, name = HELP_BEFORE.match(text).groups() if HELP_BEFORE.match(text) else ("", "?", "")
        return f"{indent}__magics__.help({name!r}, {len(marks)})"
    behind = HELP_BEHIND.match(text)
    if behind:
        indent, name, marks = behind.groups()
        return f"{indent}__magics__.help({name!r}, {len(marks)})"
    indent, kind, rest = ESCAPED.match(text).groups()
    if kind == "%":
        return indent + call_of_magic(rest, at)
    function = "getoutput" if kind == "!!" else "system"
    return f"{indent}__magics__.{function}({rest.strip()!r})"


def call_of_magic(text, at):
    name, _, line = text.strip().partition(" ")
    if name == "time" and re.search(r"\bawait\b", line):
        return f"await __magics__.time_async({line.strip()!r}, {at})"
    return f"__magics__.line({name!r}, {line.strip()!r}, {at})"


def show_whole_lines(tree, lines, changed):
    """Makes the nodes of changed lines stand for those lines, since a traceback marks columns of what the user wrote."""
    for node in ast.walk(tree):
        if getattr(node, "lineno", None) in changed and node.lineno <= len(lines):
            text = lines[node.lineno - 1].rstrip("\r\n")
            node.end_lineno = node.lineno
            node.col_offset = len(text) - len(text.lstrip())
            node.end_col_offset = len(text.encode())
    return tree
