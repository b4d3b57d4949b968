import { existsSync } from "node:fs";
import { basename, dirname, join } from "@std/path";
import { fingerprintOf } from "../../../core/fingerprint.ts";
import { removeTree } from "../../../host/remove_tree.ts";
import { runTool } from "../../../process/run_tool.ts";
import type { RuntimeHost } from "../../port.ts";
import type { ProcessSpec } from "../spec.ts";

/** Where it is kept below the home, each subject with one for its present binary. */
const KEPT = "prebuilt";

/** The name of its directory among the modules. */
export const PREBUILT_NAME = "prebuilt";

/** What is made ahead for a spec, and where. */
export interface PrebuiltRequest {
  readonly spec: Pick<ProcessSpec, "binary" | "prebuilt" | "subject">;
  readonly home: RuntimeHost["home"];
}

/** Whether it takes no time: it is made already, or there is nothing to make. */
export function isPrebuilt({ home, spec }: PrebuiltRequest): boolean {
  if (spec.prebuilt === undefined) return true;
  const kept = keptPath({ home, spec });
  return kept !== undefined && existsSync(kept);
}

/**
 * Makes a directory with what a compiler needs, or takes the one that is kept in the home.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the tools fail
 * @throws the signal's reason when it was aborted
 */
export async function prebuild(
  request: PrebuiltRequest,
  { modulesDirectory, signal }: { readonly modulesDirectory: string; readonly signal: AbortSignal },
): Promise<void> {
  const { spec: { binary, prebuilt } } = request;
  const directory = join(modulesDirectory, PREBUILT_NAME);
  if (prebuilt === undefined || existsSync(directory)) return;
  const fresh = join(modulesDirectory, `${PREBUILT_NAME}.fresh`);
  const kept = keptPath(request);
  const isTaken = kept !== undefined && existsSync(kept) && await takeCopy(kept, fresh, signal);
  if (!isTaken) {
    await removeTree(fresh); // An attempt that failed left it.
    await runTool({
      argv: ["nice", "/bin/sh", "-ec", prebuilt.script(fresh, binary.find())],
      env: { TMPDIR: modulesDirectory },
      signal,
    });
    // Best effort: the next process makes it again.
    if (kept !== undefined) await keep(fresh, { kept, signal }).catch(() => {});
  }
  await Deno.rename(fresh, directory);
}

function keptPath({ home, spec: { binary, prebuilt, subject } }: PrebuiltRequest): string | undefined {
  if (home === undefined || prebuilt === undefined) return undefined;
  const path = binary.find();
  const { mtime, size } = Deno.statSync(path);
  return join(home, KEPT, `${subject}-${fingerprintOf([prebuilt.script("", path), size, mtime?.getTime()])}`);
}

/** Whether it could be copied: another process may replace it meanwhile. */
async function takeCopy(kept: string, to: string, signal: AbortSignal): Promise<boolean> {
  try {
    await copyTree(kept, to, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Keeps a copy in the home, in the place of those of other binaries, unless another process has kept one. */
async function keep(
  directory: string,
  { kept, signal }: { readonly kept: string; readonly signal: AbortSignal },
): Promise<void> {
  const place = dirname(kept);
  await Deno.mkdir(place, { recursive: true, mode: 0o700 });
  const subject = basename(kept).slice(0, basename(kept).lastIndexOf("-") + 1);
  if (existsSync(kept)) return;
  for await (const { name } of Deno.readDir(place)) {
    if (name.startsWith(subject) && !name.startsWith(basename(kept))) await removeAtOnce(join(place, name));
  }
  const fresh = uniquePath(kept);
  await copyTree(directory, fresh, signal);
  await Deno.rename(fresh, kept).catch(() => removeTree(fresh)); // Another process was faster.
}

/** Moves it away first, so that a process that copies it fails, and does not take a part for the whole. */
async function removeAtOnce(path: string): Promise<void> {
  const moved = uniquePath(path);
  await Deno.rename(path, moved);
  await removeTree(moved);
}

/** A path beside another for what is not whole. */
function uniquePath(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** Links the files where both lie on one file system: none of them is ever written. */
async function copyTree(from: string, to: string, signal: AbortSignal): Promise<void> {
  await removeTree(to);
  try {
    await runTool({ argv: ["cp", "-al", from, to], signal });
  } catch {
    signal.throwIfAborted();
    await removeTree(to);
    await runTool({ argv: ["cp", "-a", from, to], signal });
  }
}
