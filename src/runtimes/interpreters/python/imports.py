"""Watches imports, so that nothing is loaded for programs that do without matplotlib or pip."""


class ImportWatcher:
    """A finder that finds no module itself. It calls functions before and after the import of some modules."""

    def __init__(self, after, before=None):
        self.after, self.before = after, before or {}  # By the names of modules; those of `after` get the module.

    def find_spec(self, name, path=None, target=None):
        if name in self.before:
            self.before[name]()
        if name not in self.after:
            return None
        import sys

        # Only the finders behind this one: another watcher before it would ask it again.
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(name, path, target)
            if spec is not None:
                call_after_import(spec, self.after[name])
                return spec
        return None


def call_after_import(spec, function):
    """Makes the loader of a module call a function with the module."""
    execute = getattr(spec.loader, "exec_module", None)
    if execute is None:
        return  # The loader of a module in an archive of another kind.

    def exec_module(module):
        execute(module)
        try:
            function(module)
        except Exception:
            pass  # A version of the module lacks what the function changes.

    spec.loader.exec_module = exec_module


def prepare_matplotlib():
    """Lets matplotlib draw without a screen, and keep its list of fonts outside of the workspace, which is the home."""
    import os
    import tempfile

    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("MPLCONFIGDIR", os.path.join(tempfile.gettempdir(), "matplotlib"))


def prepare_fonts():
    """Lets fontconfig, which matplotlib asks for fonts, keep its list outside of the workspace too."""
    import os
    import tempfile

    os.environ.setdefault("XDG_CACHE_HOME", os.path.join(tempfile.gettempdir(), "cache"))


BEFORE_MATPLOTLIB = {"matplotlib": prepare_matplotlib, "matplotlib.font_manager": prepare_fonts}
