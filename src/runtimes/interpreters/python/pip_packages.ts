import { join } from "@std/path";
import { CodeBeakerError } from "../../../core/errors.ts";
import type { Mount } from "../../../sandbox/mount.ts";
import { isFile } from "../../process/find_binary.ts";
import type { PackageSpec } from "../../process/spec.ts";
import { checkPackages, nameOfPackage } from "../package_format.ts";
import { PIP_FORMAT, pipArguments } from "./pip.ts";

/** Where the packages lie: native/languages/python_waiter.py has the same path. */
const TREE = ["python", "packages"] as const;
const REQUIREMENTS = "requirements.txt";

/** pip as Debian's python3-pip has it, and the directory in which python3-pip-whl has its wheel. */
const PLACES = { module: "/usr/lib/python3/dist-packages/pip/__main__.py", wheels: "/usr/share/python-wheels" };

/** The parts of a host that the installer needs. */
export interface PipHost {
  /** The binary of Python. @throws {CodeBeakerError} `runtime_unavailable` */
  find(): string;
  /** The index in which pip finds packages. */
  readonly pipIndex: string;
}

/** How this machine's pip installs wheels into a directory of the environment. */
export function pipPackages({ find, pipIndex }: PipHost, places = PLACES): PackageSpec {
  return {
    parse(packages) {
      checkPackages(packages, PIP_FORMAT);
      return new Map(packages.map((text) => [nameOfPackage(text, PIP_FORMAT), text]));
    },
    stage: (sources) => ({ [REQUIREMENTS]: [...sources.values()].map((text) => `${text}\n`).join("") }),
    launch(_site, { target }) {
      const { mounts, words } = findPip(places);
      return {
        argv: [
          find(),
          "-I", // No variable, no home and no directory but those of the machine.
          ...words,
          ...pipArguments(join(target, ...TREE)),
          ...["--root-user-action", "ignore", "--index-url", pipIndex, "--requirement", join(target, REQUIREMENTS)],
        ],
        mounts,
        ownVariables: { HOME: "/nonexistent", LANG: "C.UTF-8", PATH: "/usr/bin:/bin", TMPDIR: target },
      };
    },
    keptFiles: [],
    tree: TREE,
    shownTexts: { [pipIndex]: "index:" },
    hints: [{
      pattern: /Failed to establish a new connection|NameResolutionError|Connection refused/,
      text: "The index of packages cannot be reached: the service's operator names one that can (--pip-index)",
    }],
  };
}

/** pip on Python's command line. @throws {CodeBeakerError} `runtime_unavailable` where this machine has none */
function findPip(
  { module, wheels }: typeof PLACES,
): { readonly words: readonly string[]; readonly mounts: readonly Mount[] } {
  if (isFile(module)) return { words: ["-m", "pip"], mounts: [] };
  const wheel = namesIn(wheels).find((name) => /^pip-.*\.whl$/.test(name));
  if (wheel === undefined) {
    throw new CodeBeakerError(
      "runtime_unavailable",
      "Cannot install packages as pip is not on this machine: the operator can install it (apt-get install python3-pip)",
    );
  }
  return {
    words: [join(wheels, wheel, "pip")],
    mounts: [{ source: wheels, target: wheels, access: "read" }],
  };
}

function namesIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name);
  } catch {
    return []; // This machine has none.
  }
}
