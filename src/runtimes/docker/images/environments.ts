import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { goBuild } from "../../languages/go_build.ts";
import { pipArguments } from "../../interpreters/python/pip.ts";
import { PYTHON_INTERPRETER } from "../../interpreters/python/python_interpreter.ts";

/**
 * How programs of one environment name run in a container. In a command line `{file}` stands for the program's file and
 * `{output}` for a directory that holds the compiler's output for this program. The word `{sources}` stands for the other
 * sources of the request, and `{compileArgs}` for the arguments of the request, which come last where it is absent.
 */
export interface EnvironmentSpec {
  /** The image, pinned by tag. */
  readonly image: string;
  /** The name of the file for the code of a request. */
  readonly file: string;
  /** The compiler of a compiled language, which writes to `{output}`. */
  readonly compile?: readonly string[];
  /** The ends of the names of files that are compiled together with the program's. Absent, it is compiled alone. */
  readonly sources?: readonly string[];
  readonly run: readonly string[];
  /**
   * The installer, which writes `{packages}` to its working directory. It must not run code of packages. Absent, no
   * packages can be installed.
   */
  readonly install?: readonly string[];
  /** The interpreter in `run` that can start before its program is known; absent, none can. */
  readonly warmInterpreter?: "python";
  /** The command line of a context; absent, there are no contexts. It follows the protocol of the port's `Program`. */
  readonly interpreter?: readonly string[];
  /** Globals, with their modules, that programs of other runtimes have and these programs lack. */
  readonly lacks?: readonly string[];
  /** Variables of every program, beside those of the image. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where compilers work: a file system in memory beside the workspace. */
export const BUILD_DIRECTORY = "/build";

/** The directory of the local Go image with prebuilt packages. The official image has no such directory. */
export const GO_PREBUILT = "/usr/local/lib/codebeaker/go-cache";

/** The directory of the workspace for Python's packages. */
const PYTHON_PACKAGES = ".packages";
const PIP = ["pip", ...pipArguments(PYTHON_PACKAGES), "--", "{packages}"];
const NPM = [
  ...["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-package-lock"],
  ...["--", "{packages}"],
];
/**
 * Deno's installer. It runs no scripts without `--allow-scripts`. It ignores packages after a `--`, so there is none.
 */
const DENO_INSTALL = [
  ...["deno", "install", "--quiet", "--no-lock", "--package-json", "--node-modules-dir=auto", "{packages}"],
];

const DENO_ENV = { DENO_DIR: "/tmp/deno", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };

/** The built-in environments, with official images. */
export const ENVIRONMENTS: Readonly<Record<string, EnvironmentSpec>> = {
  python: {
    image: "python:3.13-slim-trixie",
    file: "main.py",
    run: ["python3", "{file}"],
    warmInterpreter: "python",
    install: PIP,
    interpreter: ["python3", "-c", PYTHON_INTERPRETER],
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", PYTHONPATH: `${WORKSPACE_ROOT}/${PYTHON_PACKAGES}` },
  },
  javascript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.js",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "--unstable-detect-cjs", "{file}"],
    install: DENO_INSTALL,
    lacks: ["Bun"],
    env: DENO_ENV,
  },
  typescript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.ts",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "{file}"],
    install: DENO_INSTALL,
    lacks: ["Bun"],
    env: DENO_ENV,
  },
  node: {
    image: "node:24-trixie-slim",
    file: "main.js",
    run: ["node", "{file}"],
    install: NPM,
    env: { NO_COLOR: "1", NO_UPDATE_NOTIFIER: "1" },
  },
  bash: { image: "debian:trixie-slim", file: "main.sh", run: ["bash", "{file}"] },
  sh: { image: "debian:trixie-slim", file: "main.sh", run: ["sh", "{file}"] },
  go: {
    image: "golang:1.25-trixie",
    file: "main.go",
    sources: [".go"],
    ...goBuild({ command: "go", directory: BUILD_DIRECTORY, prebuilt: GO_PREBUILT, keepsCache: true }),
  },
  csharp: {
    image: "mcr.microsoft.com/dotnet/sdk:10.0",
    file: "main.cs",
    compile: ["dotnet", "build", "{file}", "--nologo", "--output", "{output}"],
    run: ["dotnet", "{output}/main.dll"],
    env: { DOTNET_CLI_HOME: BUILD_DIRECTORY, DOTNET_NOLOGO: "1", DOTNET_CLI_TELEMETRY_OPTOUT: "1" },
  },
};

/** Fills in the command line of one program. */
export function commandLine(
  template: readonly string[],
  places: { readonly file: string; readonly output: string },
): string[] {
  return template.map((word) => word.replace(/\{(file|output)\}/g, (_, name: keyof typeof places) => places[name]));
}
