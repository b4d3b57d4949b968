import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../../../src/commands/mod.ts";
import { CodeBeakerError } from "../../../src/core/errors.ts";
import { DEFAULT_LIMITS } from "../../../src/core/limits.ts";
import type { ExecutionEnvironment, ExecutionRuntime } from "../../../src/runtimes/port.ts";
import { configureEnvironment } from "../checks/bench.ts";
import type { FilesBench } from "./bench.ts";

type WithFilesBench = (check: (bench: FilesBench) => Promise<void>) => Promise<void>;

/**
 * How a check gets a workspace, in which scripts can run: where programs of the runtime have a shell, it runs them;
 * elsewhere the workspace is a directory of the host, and the host runs them there.
 */
export async function chooseFilesBench(runtime: ExecutionRuntime, language: string): Promise<WithFilesBench> {
  return await hasShell(runtime, language)
    ? (check) => withShell({ runtime, language }, check)
    : (check) => withHostDirectory({ runtime, language }, check);
}

interface Subject {
  readonly runtime: ExecutionRuntime;
  readonly language: string;
}

async function hasShell(runtime: ExecutionRuntime, language: string): Promise<boolean> {
  await using environment = await runtime.createEnvironment(configureEnvironment(language));
  try {
    await runInside(environment, "true");
    return true;
  } catch (error) {
    if (error instanceof CodeBeakerError && error.code === "permission_denied") return false;
    throw error;
  }
}

async function withShell({ runtime, language }: Subject, check: (bench: FilesBench) => Promise<void>): Promise<void> {
  await using environment = await runtime.createEnvironment(configureEnvironment(language));
  await check({ files: environment.files, plant: (script) => runInside(environment, script) });
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
