"""Writes the standard library with its bytecode beside its text, which tracebacks show. Nothing of it is compressed, as each
program would unpack again the modules that it imports."""

import importlib._bootstrap_external
import zipfile

LIBRARY = "/lib/python314.zip"
# The hash of a text that is never compared.
NO_HASH = bytes(8)


def compile_library():
    with zipfile.ZipFile(LIBRARY) as source, zipfile.ZipFile("/tmp/library.zip", "w") as library:
        for info in source.infolist():
            name, data = info.filename, source.read(info)
            library.writestr(zipfile.ZipInfo(name), data)
            if name.endswith(".py"):
                code = compile(data, f"{LIBRARY}/{name}", "exec", dont_inherit=True, optimize=0)
                bytecode = importlib._bootstrap_external._code_to_hash_pyc(code, NO_HASH, False)
                library.writestr(zipfile.ZipInfo(f"{name}c"), bytecode)


compile_library()
