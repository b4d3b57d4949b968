import { goBuild } from "./go_build.ts";

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
  /** Variables of every program, beside those of the image. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Where compilers work: a file system in memory, as the workspace is, that is no part of it. */
export const BUILD_DIRECTORY = "/build";

const DENO_ENV = { DENO_DIR: "/tmp/deno", DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };

/** What holds without configuration: the official images. */
export const ENVIRONMENTS: Readonly<Record<string, EnvironmentSpec>> = {
  python: {
    image: "python:3.13-slim-trixie",
    file: "main.py",
    run: ["python3", "{file}"],
    env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUNBUFFERED: "1" },
  },
  javascript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.js",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "--unstable-detect-cjs", "{file}"],
    env: DENO_ENV,
  },
  typescript: {
    image: "denoland/deno:debian-2.9.6",
    file: "main.ts",
    run: ["deno", "run", "--quiet", "--no-prompt", "--no-lock", "--allow-all", "{file}"],
    env: DENO_ENV,
  },
  node: {
    image: "node:24-trixie-slim",
    file: "main.js",
    run: ["node", "{file}"],
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
