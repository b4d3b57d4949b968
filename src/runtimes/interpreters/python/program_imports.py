"""What a program finds changed in modules that it imports: matplotlib shows figures by writing files, and pip says how packages
are installed here."""

PIP_TEXT = (
    "Programs install no packages here. Open a session and send it the command install_packages: "
    '{"type": "install_packages", "packages": ["NAME"]}. The programs of the session then find them.'
)


def watch_program_imports():
    import sys

    after = {"matplotlib.pyplot": write_shown_figures, "pip._internal.utils.misc": explain_managed}
    sys.meta_path.insert(0, ImportWatcher(after, before=BEFORE_MATPLOTLIB))


def write_shown_figures(pyplot):
    """Makes show() write the open figures to files of the current directory, and close them as closed windows do."""

    def show(*_, **__):
        import os
        import sys

        number = 0
        for figure in [pyplot.figure(shown) for shown in pyplot.get_fignums()]:
            number = next(free for free in range(number + 1, sys.maxsize) if not os.path.exists(f"figure-{free}.png"))
            figure.savefig(f"figure-{number}.png")
            pyplot.close(figure)
            print(f"matplotlib: show() has written figure-{number}.png", file=sys.stderr)

    pyplot.show = show


def explain_managed(misc):
    """Gives pip the text for an environment that is not its own to change."""
    check = misc.check_externally_managed

    def check_externally_managed():
        try:
            check()
        except misc.ExternallyManagedEnvironment:
            raise misc.ExternallyManagedEnvironment(PIP_TEXT) from None

    misc.check_externally_managed = check_externally_managed
