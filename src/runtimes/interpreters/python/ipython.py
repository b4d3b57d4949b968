"""IPython as cells find it: its display module and `get_ipython`, without IPython. Its other modules are those of an installed
IPython. Nothing is made before a cell asks for it."""

import types

# A display of this type is no value: it asks for what the cell has shown to be cleared.
CLEAR_TYPE = "application/vnd.codebeaker.clear-output+json"
IPYTHON_VERSION = (8, 35, 0)
DISPLAY_NAMES = ("IPython.display", "IPython.core.display", "IPython.core.display_functions")


class OwnIPython:
    """A finder and loader of the modules that cells find in the place of IPython's."""

    def __init__(self, cells):
        self.cells = cells
        self.shell = None
        self.display_names = None
        self.fills = {
            "IPython": self.fill_ipython,
            "IPython.core.getipython": self.fill_shell,
            "IPython.core.interactiveshell": self.fill_shell,
            **{name: self.fill_display for name in DISPLAY_NAMES},
        }

    def find_spec(self, name, path=None, target=None):
        is_core = name == "IPython.core"
        if name not in self.fills and not is_core:
            return None
        from importlib.machinery import ModuleSpec, PathFinder

        if is_core and PathFinder.find_spec(name, path) is not None:
            return None
        return ModuleSpec(name, self, is_package=is_core or name == "IPython")

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.fills.get(module.__name__, lambda _: None)(module)

    def fill_ipython(self, module):
        from importlib.machinery import PathFinder

        installed = PathFinder.find_spec("IPython")
        module.__path__ = [] if installed is None else list(installed.submodule_search_locations or [])
        module.version_info, module.__version__ = IPYTHON_VERSION, ".".join(map(str, IPYTHON_VERSION))
        module.get_ipython, module.display = self.get_ipython, self.cells.display

    def fill_shell(self, module):
        module.get_ipython, module.InteractiveShell = self.get_ipython, InteractiveShell

    def fill_display(self, module):
        """All names of the display module are made once, so that its classes are the same under each of them."""
        if self.display_names is None:
            own = types.ModuleType("IPython.core.display")
            own.CLEAR_TYPE, own.show, own.send_display = CLEAR_TYPE, self.cells.display, self.cells.show_now
            exec(compile(DISPLAY_SOURCE, "<IPython.display>", "exec"), own.__dict__)
            self.display_names = {name: value for name, value in vars(own).items() if not name.startswith("__")}
        module.__dict__.update(self.display_names)

    def get_ipython(self):
        if self.shell is None:
            self.shell = InteractiveShell(self.cells)
        return self.shell


class InteractiveShell:
    """What `get_ipython()` returns."""

    ast_node_interactivity = "last_expr"
    kernel = None  # pandas takes a shell without this attribute for a terminal, and cuts wide tables to 80 characters.

    def __init__(self, cells):
        self.cells = cells
        self.config = {}
        self.events = Events()

    @property
    def user_ns(self):
        return self.cells.names

    def run_cell(self, code, *_, **__):
        """Runs code as a cell: shows its value, and prints its error."""
        result = CellResult()
        try:
            result.result = self.cells.run_source(code, self.cells.name)
        except Exception as error:
            result.error_in_exec = error
            print_error(error)
        if result.result is not None:
            self.cells.display(result.result)
        return result

    def run_line_magic(self, name, line, *_, **__):
        return self.cells.magics.line(name, line)

    def run_cell_magic(self, name, line, cell):
        return self.cells.magics.cell(name, line, cell)

    def magic(self, text):
        name, _, line = text.lstrip("%").partition(" ")
        return self.run_line_magic(name, line)

    def system(self, command):
        self.cells.magics.system(command)

    def getoutput(self, command):
        return self.cells.magics.getoutput(command)

    def ev(self, expression):
        return eval(expression, self.cells.names)

    def ex(self, code):
        exec(code, self.cells.names)

    def push(self, variables, *_, **__):
        names = variables if isinstance(variables, dict) else {name: self.cells.names[name] for name in variables}
        self.cells.names.update(names)

    def enable_gui(self, *_):
        """Figures need no loop of events here."""


class CellResult:
    """What became of a cell that a cell ran."""

    result = error_in_exec = error_before_exec = None

    @property
    def success(self):
        return self.error_in_exec is None

    def raise_error(self):
        if self.error_in_exec is not None:
            raise self.error_in_exec


class Events:
    """The events of a shell, as far as libraries ask for them. No callback is called: figures are drawn as they are shown."""

    def register(self, _event, _function):
        pass

    unregister = register
