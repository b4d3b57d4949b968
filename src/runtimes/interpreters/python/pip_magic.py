"""What `%pip install` and `!pip install` do in a cell: the service installs the packages for the session."""

# Where the packages of an environment are found where no variable says it: native/languages/python_waiter.py has it too.
PACKAGES = "/codebeaker/python/packages"
PIP = re.compile(r"\s*(?:sudo\s+)?(?:(?:\S*python[\d.]*)\s+-m\s+pip|(?:uv\s+)?pip[\d.]*)\s+install\b(.*)", re.DOTALL)
NEXT_COMMAND = re.compile(r"\s*(&&|\|\||;)\s*")
REDIRECTION = re.compile(r"\s(?:\||[12&]?>>?\s*[^=\s]|<).*", re.DOTALL)
REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
# Options that change nothing, as each package goes into a directory of the session.
PLAIN_OPTIONS = {"--user", "--no-cache-dir", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"} | {
    *("--break-system-packages", "--prefer-binary", "--root-user-action=ignore", "--progress-bar=off", "-y", "-v", "--yes"),
}
UPGRADES = {"-U", "--upgrade", "-I", "--ignore-installed", "--force-reinstall"}
class Install:
    """A command line of pip's that installs packages."""

    def __init__(self, text):
        first, *rest = NEXT_COMMAND.split(text, maxsplit=1)
        self.joint, self.rest = rest or (None, None)
        words = iter(words_of(REDIRECTION.sub("", first)))
        self.packages, self.is_quiet, self.upgrades = [], REDIRECTION.search(first) is not None, False
        for word in words:
            if word.startswith("#"):
                break
            if re.fullmatch("-q+|--quiet", word):
                self.is_quiet = True
            elif word in UPGRADES:
                self.upgrades = True
            elif word in ("-r", "--requirement"):
                self.packages += requirements_in(next(words, ""))
            elif word.startswith(("-r", "--requirement=")):
                self.packages += requirements_in(word.removeprefix("--requirement=").removeprefix("-r"))
            elif word == "--progress-bar":
                next(words, None)
            elif not word.startswith("-"):
                self.packages.append(word)
            elif word not in PLAIN_OPTIONS:
                raise UsageError(f"pip's options for other indexes, places and builds do not work here: current value is {word}")


def requirements_in(path):
    with open(path, encoding="utf-8") as file:
        lines = (re.sub(r"(^|\s)#.*|;.*", "", line).strip() for line in file)
        return [line.replace(" ", "") for line in lines if line and not line.startswith("-")]


def parse_pip(command):
    match = PIP.match(command)
    return None if match is None else Install(match[1])


def install_packages(magics, install):
    """Installs packages that are not there yet; returns the exit code that pip would have."""
    if not install.packages:
        print("ERROR: You must give at least one requirement to install", file=sys.stderr)
        return 1
    wanted = [text for text in install.packages if install.upgrades or not is_there(text, install.is_quiet)]
    status = ask_for_packages(magics, wanted) if wanted else 0
    if install.rest and (status == 0) == (install.joint != "||") or install.joint == ";":
        magics.run_shell(install.rest)
        return magics.names["_exit_code"]
    return status


def ask_for_packages(magics, packages):
    flush()
    answer = magics.cells.host.ask({"kind": "install", "packages": packages})
    if "error" in answer:
        print(f"ERROR: {answer['error']}", file=sys.stderr)
        return 1
    import importlib

    if os.path.isdir(PACKAGES) and PACKAGES not in sys.path:
        sys.path.insert(next((at for at, path in enumerate(sys.path) if path.endswith("-packages")), len(sys.path)), PACKAGES)
    importlib.invalidate_caches()
    return answer.get("exitCode", 1)


def is_there(text, is_quiet):
    """Whether a package is installed in a version that fits. A version that cannot be compared does not fit."""
    from importlib import metadata

    match = REQUIREMENT.fullmatch(text)
    if match is None:
        return False
    name, clauses = match.groups()
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    if clauses and not fits(found.version, clauses):
        return False
    if not is_quiet:
        print(f"Requirement already satisfied: {text} in {found.locate_file('')} ({found.version})")
    return True


def fits(version, clauses):
    for place in ("packaging.specifiers", "pip._vendor.packaging.specifiers"):
        try:
            return version in __import__(place, fromlist=["SpecifierSet"]).SpecifierSet(clauses)
        except Exception:
            continue
    return clauses == f"=={version}"
