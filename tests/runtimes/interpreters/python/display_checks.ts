import { assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS } from "../../../../src/core/limits.ts";
import type { Context } from "../../../../src/contexts/context.ts";
import type { RunCell } from "./cell_checks.ts";

/** Stands for matplotlib: figures that print as PNG, and a list of those that are open. */
export const FAKE_MATPLOTLIB = {
  "matplotlib/__init__.py": "",
  "matplotlib/figure.py": [
    "class Canvas:",
    "  def print_figure(self, file, **options): file.write(b'\\x89PNG')",
    "class Figure:",
    "  def __init__(self, number): self.number, self.axes, self.lines, self.canvas = number, [1], [], Canvas()",
    "  def __repr__(self): return f'<Figure {self.number}>'",
    "  get_facecolor = get_edgecolor = lambda self: None",
    "  dpi = 100",
  ].join("\n"),
  "matplotlib/pyplot.py": [
    "from matplotlib.figure import Figure",
    "shown = {}",
    "def figure(number=None):",
    "  number = number or len(shown) + 1",
    "  return shown.setdefault(number, Figure(number))",
    "def get_fignums(): return list(shown)",
    "def close(figure):",
    "  if figure == 'all': shown.clear()",
    "  else: shown.pop(figure.number, None)",
    "def show(): raise NotImplementedError",
  ].join("\n"),
};

const PNG = btoa("\x89PNG");

/** Checks of figures. The interpreter finds {@link FAKE_MATPLOTLIB}. */
export const FIGURE_CHECKS: Readonly<Record<string, (run: RunCell) => Promise<void>>> = {
  "figures are shown by show(), at a cell's end, and once as a value": async (run) => {
    const shown = (number: number) => ({ "text/plain": `<Figure ${number}>`, "image/png": PNG });
    await run("import matplotlib.pyplot as plt");
    assertEquals((await run("a, b = plt.figure(), plt.figure()\nplt.show()\nplt.get_fignums()")).displays, [
      shown(1),
      shown(2),
    ]);
    const open = await run("plt.figure()\n1");
    assertEquals([open.displays, open.value], [[shown(1)], 1]);
    const value = await run("plt.figure()");
    assertEquals([value.displays, value.value], [[], shown(1)]);
    assertEquals((await run("plt.figure().show()")).displays, [shown(1)]);
    assertEquals((await run("plt.get_fignums()")).value, []);
  },

  "a cell that fails shows its figures, and one whose figure fails fails itself": async (run) => {
    await run("import matplotlib.pyplot as plt");
    const failed = await run("plt.figure()\n1 / 0");
    assertEquals([failed.displays?.length, failed.error?.name], [1, "ZeroDivisionError"]);
    const broken = await run("plt.figure().canvas = None\n1");
    assertMatch(broken.stderr, /AttributeError: 'NoneType' object has no attribute 'print_figure'\n$/);
    assertEquals((await run("plt.get_fignums()")).value, []);
  },
};

/** Checks of what cells find in the place of IPython. */
export const DISPLAY_CHECKS: Readonly<Record<string, (run: RunCell, context: Context) => Promise<void>>> = {
  "IPython's display module shows its values, whether IPython is installed or not": async (run) => {
    const { displays, stderr } = await run([
      "from IPython.display import display, HTML, Image, Markdown, Math, JSON, SVG, display_html",
      "display(HTML('<b>h</b>'), Markdown('# m'), Math('x^2'), JSON({'a': [1]}), SVG('<?xml?><svg/>'))",
      "display(Image(b'\\x89PNG'), Image(url='http://a.example/b.png', width=3))",
      "display({'text/html': 'raw'}, raw=True)",
      "display_html('<i>', raw=True)",
    ].join("\n"));
    const object = (name: string) => ({ "text/plain": `<IPython.core.display.${name} object>` });
    assertEquals(stderr, "");
    assertEquals(displays, [
      { ...object("HTML"), "text/html": "<b>h</b>" },
      { ...object("Markdown"), "text/markdown": "# m" },
      { ...object("Math"), "text/latex": "$\\displaystyle x^2$" },
      { ...object("JSON"), "application/json": { a: [1] } },
      { ...object("SVG"), "image/svg+xml": "<svg/>" },
      { ...object("Image"), "image/png": btoa("\x89PNG") },
      { ...object("Image"), "text/html": '<img src="http://a.example/b.png" width="3"/>' },
      { "text/html": "raw" },
      { "text/html": "<i>" },
    ]);
    assertEquals((await run("HTML('<b>v</b>')")).value, { ...object("HTML"), "text/html": "<b>v</b>" });
  },

  "a warning is shown once in each cell": async (run) => {
    await run("import warnings\ndef warn(): warnings.warn('old', DeprecationWarning)");
    for (let cell = 0; cell < 2; cell++) {
      assertEquals((await run("warn()\nwarn()")).stderr.match(/DeprecationWarning: old/g)?.length, 1);
    }
  },

  "clear_output is a display of its own type, in order with the others": async (_run, context) => {
    const code =
      "from IPython.display import clear_output\nprint('a')\ndisplay(1)\nclear_output(wait=True)\ndisplay(2)";
    const { displays } = await context.run({ code }, { limits: DEFAULT_LIMITS });
    assertEquals(displays, [
      { "text/plain": "1" },
      { "application/vnd.codebeaker.clear-output+json": { wait: true } },
      { "text/plain": "2" },
    ]);
  },

  "get_ipython() is there without an import, and is the same from IPython": async (run) => {
    assertEquals(
      (await run("import IPython\nfrom IPython import get_ipython as other\nother() is get_ipython()")).value,
      true,
    );
    assertEquals((await run("get_ipython().user_ns['x'] = 7\nx")).value, 7);
    assertEquals(
      (await run("from IPython.core.display import HTML as A\nfrom IPython.display import HTML as B\nA is B")).value,
      true,
    );
    assertEquals((await run("hasattr(get_ipython(), 'kernel')")).value, true); // So pandas tells it from a terminal.
    const handle = await run("handle = display('a', display_id=True)\nhandle.update('b')");
    assertEquals(handle.displays, [{ "text/plain": "'a'" }, { "text/plain": "'b'" }]);
    assertEquals((await run("get_ipython().run_line_magic('env', 'A=1')\nimport os\nos.environ['A']")).value, "1");
    await run("from IPython.core.interactiveshell import InteractiveShell as S\nS.ast_node_interactivity = 'all'");
    assertEquals((await run("1\n2")).displays, [{ "text/plain": "1" }]);
    assertMatch((await run("import IPython.nonsense")).error?.message ?? "", /No module named 'IPython.nonsense'/);
  },
};
