import sys
import zipfile

with zipfile.ZipFile(next(path for path in sys.path if path.endswith(".zip"))) as library:
    names = {name.partition("/")[0].partition(".")[0] for name in library.namelist()}
print("all", *sorted({*names, *sys.builtin_module_names, "__main__"} - {"", "site-packages"}), sep="\n")
