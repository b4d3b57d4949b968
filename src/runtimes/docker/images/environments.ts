import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { goBuild } from "./go_build.ts";
import pythonInterpreter from "../interpreter/interpreter.py" with { type: "text" };
import pythonValues from "../interpreter/shown_values.py" with { type: "text" };

/**
 * How programs of one environment name run in a container. In a command line `{file}` stands for the program's file, and
 * `{output}` for a directory of this program alone, for what a compiler makes of it.
 */
export interface EnvironmentSpec {
  /** The image, pinned by tag; one that lies here already is not pulled. */
  readonly image: string;
  /** The name of the file that holds the code of a request. */
  readonly file: string;
  /** For compiled languages, what makes a binary below `{output}`. */
  readonly compile?: readonly string[];
  readonly run: readonly string[];
  /**
   * What installs packages into the working directory, from where they are taken into the workspace; `{packages}` stands for
   * all of them. Nothing that they bring may be run by it.
   */
  readonly install?: readonly string[];
  /** What among `run` can be started before its program is there; absent, nothing can. */
  readonly waits?: "python";
  /** The interpreter of a context, as the port's `Program` describes it; absent, there are no contexts. */
  readonly interpreter?: readonly string[];
  /** Variables of every program, beside those of the image. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where compilers work: a file system in memory, as the workspace is, that is no part of it. */
export const BUILD_DIRECTORY = "/build";

/** Where Python's packages go: a directory of the workspace. */
const PYTHON_PACKAGES = ".packages";
/** Only wheels: whatever else is installed runs its own code to be built. */
const PIP = [
  ...["pip", "install", "--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir"],
  ...["--progress-bar", "off", "--only-binary", ":all:", "--target", PYTHON_PACKAGES, "--", "{packages}"],
];
const NPM = [
  ...["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-package-lock"],
  ...["--", "{packages}"],
];
/** Without `--allow-scripts` it runs none, and what stands behind a `--` it does not install. */
const DENO_INSTALL = [
  ...["deno", "install", "--quiet", "--no-lock", "--package-json", "--node-modules-dir=auto", "{packages}"],
];

const DENO_ENV = { DENO_DIR: "/tmp/deno", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };

/** What holds without configuration: the official images. */
export const ENVIRONMENTS: Readonly<Record<string, EnvironmentSpec>> = {
  python: {
    image: "python:3.13-slim-trixie",
    file: "main.py",
    run: ["python3", "{file}"],
    waits: "python",
    install: PIP,
    interpreter: ["python3", "-c", `${pythonValues}\n\n${pythonInterpreter}`],
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1", PYTHONPATH: `${WORKSPACE_ROOT}/${PYTHON_PACKAGES}` },
  },
  javascript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.js",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "--unstable-detect-cjs", "{file}"],
    install: DENO_INSTALL,
    env: DENO_ENV,
  },
  typescript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.ts",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "{file}"],
    install: DENO_INSTALL,
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
  go: { image: "golang:1.25-trixie", file: "main.go", ...goBuild(BUILD_DIRECTORY) },
  csharp: {
    image: "mcr.microsoft.com/dotnet/sdk:10.0",
    file: "main.cs",
    compile: ["dotnet", "build", "{file}", "--nologo", "--output", "{output}"],
    run: ["dotnet", "{output}/main.dll"],
    env: { DOTNET_CLI_HOME: BUILD_DIRECTORY, DOTNET_NOLOGO: "1", DOTNET_CLI_TELEMETRY_OPTOUT: "1" },
  },
};

/** A command line for one program. */
export function commandLine(
  template: readonly string[],
  places: { readonly file: string; readonly output: string },
): string[] {
  return template.map((word) => word === "{file}" ? places.file : word.replace("{output}", places.output));
}
