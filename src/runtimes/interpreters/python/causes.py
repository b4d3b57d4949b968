"""The errors that led to an error."""


def with_causes(error):
    """Yields an error and those that led to it, each once."""
    errors, known = [error], set()
    while errors:
        one = errors.pop()
        if one is not None and id(one) not in known:
            known.add(id(one))
            yield one
            errors += [one.__cause__, one.__context__]
