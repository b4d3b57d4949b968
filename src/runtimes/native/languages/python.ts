import { LIST_MODULES, moduleSurface, parseModules } from "../../interpreters/python/module_surface.ts";
import type { Surface } from "../../../core/needs.ts";
import { PYTHON_TEST_PROGRAMS } from "../../interpreters/python/test_programs.ts";
import { pipPackages } from "../../interpreters/python/pip_packages.ts";
import { PROGRAM_IMPORTS, PYTHON_INTERPRETER } from "../../interpreters/python/python_interpreter.ts";
import waiter from "./python_waiter.py" with { type: "text" };
import type { LanguageRow } from "./row.ts";

/**
 * Python's command line. Python obeys no variable, reads nothing of a home, buffers no output, and writes no bytecode.
 */
const COMMAND = ["{binary}", "-E", "-s", "-u", "-B"];

/** Python 3. The variables are for Pythons that a program starts. */
export const python: LanguageRow = {
  binaries: ["python3"],
  debianPackage: "python3",
  run: [...COMMAND, "{file}"],
  interpreter: [...COMMAND, "-c", PYTHON_INTERPRETER],
  variables: {
    ...{ PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", PYTHONNOUSERSITE: "1" },
    MPLCONFIGDIR: "{output}/matplotlib", // The home is the workspace, where a list of fonts would be among the files.
  },
  waiter: { memoryMb: 13, variables: { CODEBEAKER_WAITS: "1" }, findTexts: sitecustomizeOf },
  modules: { code: LIST_MODULES, surfaceOf },
  packages: pipPackages,
  memoryEndings: [{ pattern: /^MemoryError/m, endings: [1] }],
  programs: PYTHON_TEST_PROGRAMS,
};

function surfaceOf(list: string): Surface | undefined {
  const modules = parseModules(list);
  return modules && moduleSurface(modules, {
    remedy: "install the module for all programs of this machine, or send it with the files of the request",
  });
}

/** The file below `/etc`, with its text, that Debian's Python imports as it starts. Undefined for any other Python. */
function sitecustomizeOf(binary: string): Readonly<Record<string, string>> | undefined {
  try {
    const [, name] = /^\/usr\/bin\/(python3\.\d+)$/.exec(Deno.realPathSync(binary)) ?? [];
    const path = `/etc/${name}/sitecustomize.py`;
    return Deno.readLinkSync(`/usr/lib/${name}/sitecustomize.py`) === path
      ? { [path]: `${PROGRAM_IMPORTS}\n\n${waiter}` }
      : undefined;
  } catch {
    return undefined;
  }
}
