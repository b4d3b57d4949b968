import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { ExecutionEnvironment, LoadedRuntime } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../checks/bench.ts";
import type { FilesBench } from "./bench.ts";

/** How checks of files are run. */
export interface FilesBenches {
  /** Whether an environment outlives its check, and with it what it measures by timers. */
  readonly isShared: boolean;
  run(check: (bench: FilesBench) => Promise<void>): Promise<void>;
}

/** Opens what a check left, and deletes it. */
const EMPTY_WORKSPACE = "chmod -R u+rwX . && find . -mindepth 1 -delete";

/**
 * How a check gets a workspace, in which scripts can run: where programs of the runtime have a shell, it runs them, and all
 * checks share one environment; elsewhere the workspace is a directory of the host, and the host runs them there.
 */
export async function chooseFilesBench(runtime: LoadedRuntime, language: string): Promise<FilesBenches> {
  const environment = await runtime.createEnvironment(configureEnvironment(language));
  if (!await hasShell(environment)) {
    await environment[Symbol.asyncDispose]();
    return { isShared: false, run: (check) => withHostDirectory({ runtime, language }, check) };
  }
  Deno.test.afterAll(async () => await environment[Symbol.asyncDispose]());
  return { isShared: true, run: (check) => withShell(environment, check) };
}

interface Subject {
  readonly runtime: LoadedRuntime;
  readonly language: string;
}

async function hasShell(environment: ExecutionEnvironment): Promise<boolean> {
  try {
    await runInside(environment, "true");
    return true;
  } catch (error) {
    if (error instanceof CodeBeakerError && error.code === "permission_denied") return false;
    throw error;
  }
}

async function withShell(
  environment: ExecutionEnvironment,
  check: (bench: FilesBench) => Promise<void>,
): Promise<void> {
  try {
    await check({ files: environment.files, plant: (script) => runInside(environment, script) });
  } finally {
    await runInside(environment, EMPTY_WORKSPACE);
  }
}

async function withHostDirectory(
  { runtime, language }: Subject,
  check: (bench: FilesBench) => Promise<void>,
): Promise<void> {
  const workspaceDirectory = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    await using environment = await runtime.createEnvironment(configureEnvironment(language, { workspaceDirectory }));
    await check({ files: environment.files, plant: (script) => runOnHost(workspaceDirectory, script) });
  } finally {
    await Deno.remove(workspaceDirectory, { recursive: true });
  }
}

async function runInside(environment: ExecutionEnvironment, script: string): Promise<void> {
  const { outcome, stderr } = await runProgram(environment, {
    kind: "shell",
    command: "sh",
    args: ["-ec", script],
    workingDirectory: ".",
  }, { limits: DEFAULT_LIMITS });
  assertEquals({ outcome, stderr }, { outcome: { kind: "exited", exitCode: 0 }, stderr: "" });
}

async function runOnHost(directory: string, script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-ec", script], cwd: directory }).output();
  assert(success, new TextDecoder().decode(stderr));
}
