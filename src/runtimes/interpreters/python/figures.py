"""Shows matplotlib's figures as displays of a cell: at `plt.show()`, as a value, and those that are open at a cell's end."""

# The mark of a display that comes after the value of its cell.
AFTER_VALUE = {"application/vnd.codebeaker.after-value+json": True}


class Figures:
    def __init__(self, display):
        self.display = display  # Displays bundles of MIME types.
        self.pyplot = None  # matplotlib.pyplot, once a cell has imported it.
        after = {"matplotlib.figure": self.on_figure, "matplotlib.pyplot": self.on_pyplot}
        self.watcher = ImportWatcher(after, before=BEFORE_MATPLOTLIB)

    def on_figure(self, module):
        module.Figure._repr_png_ = png_of
        module.Figure.show = lambda figure, *_, **__: self.show([figure])

    def on_pyplot(self, module):
        module.show = lambda *_, **__: self.show(self.open_figures())
        self.pyplot = module

    def open_figures(self):
        return [] if self.pyplot is None else [self.pyplot.figure(number) for number in self.pyplot.get_fignums()]

    def show(self, figures, mark=None):
        """Displays figures, and closes them: the next cell begins with none."""
        for figure in figures:
            try:
                if figure.axes or figure.lines:
                    self.display({**to_bundle(figure), **(mark or {})}, raw=True)
            finally:
                if self.pyplot is not None:
                    self.pyplot.close(figure)

    def end_cell(self, value=None):
        """Shows the figures that are still open, but for one that is the cell's value."""
        if self.pyplot is None or not self.pyplot.get_fignums():
            return
        figures = self.open_figures()
        if any(figure is value for figure in figures):
            self.pyplot.close(value)
        self.show([figure for figure in figures if figure is not value], mark=AFTER_VALUE)

    def end_failed_cell(self):
        try:
            self.end_cell()
        except Exception:
            self.close_all()  # The error of the cell says more than that of a figure.

    def close_all(self):
        if self.pyplot is not None:
            self.pyplot.close("all")


def png_of(figure):
    """The image of a figure, cut to what is drawn. An empty figure has none."""
    from io import BytesIO

    if not figure.axes and not figure.lines:
        return None
    image = BytesIO()
    colours = {"facecolor": figure.get_facecolor(), "edgecolor": figure.get_edgecolor()}
    figure.canvas.print_figure(image, format="png", dpi=figure.dpi, bbox_inches="tight", **colours)
    return image.getvalue()
