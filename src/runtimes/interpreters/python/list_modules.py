import os
import sys

KNOWN_FINDERS = {"BuiltinImporter", "FrozenImporter", "PathFinder", "DistutilsMetaFinder", "ImportWatcher"}
names = {*sys.builtin_module_names, "__main__"}
finders = {getattr(finder, "__name__", type(finder).__name__) for finder in sys.meta_path}
is_complete = finders <= KNOWN_FINDERS
if "DistutilsMetaFinder" in finders:
    names.add("distutils")
own = os.path.dirname(os.path.realpath(__file__))
for path in sys.path:
    if path == own:
        continue
    if os.path.isdir(path):
        names.update(entry.partition(".")[0] for entry in os.listdir(path))
    elif os.path.exists(path):
        is_complete = False
print("all" if is_complete else "some", *sorted(names), sep="\n")
