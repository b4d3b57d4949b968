import { existsSync } from "node:fs";
import { basename, dirname, join } from "@std/path";
import { fingerprintOf } from "../../../core/fingerprint.ts";
import { removeTree } from "../../../host/remove_tree.ts";
import { runTool } from "../../../process/run_tool.ts";
import type { RuntimeHost } from "../../port.ts";
import type { ProcessSpec } from "../spec.ts";

/** The directory below the home that keeps prebuilt ones. Each subject has one, for its present binary. */
const KEPT = "prebuilt";

/** The name of the prebuilt directory among the modules. */
export const PREBUILT_NAME = "prebuilt";

/** A spec that may prebuild a directory, and the home that keeps it. */
export interface PrebuiltRequest {
  readonly spec: Pick<ProcessSpec, "binary" | "prebuilt" | "subject">;
  readonly home: RuntimeHost["home"];
}

/** Whether prebuilding takes no time: it is done already, or there is nothing to prebuild. */
export function isPrebuilt({ home, spec }: PrebuiltRequest): boolean {
  if (spec.prebuilt === undefined) return true;
  const kept = keptPath({ home, spec });
  return kept !== undefined && existsSync(kept);
}

/**
 * Makes the directory that a compiler needs, or copies the one in the home.
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

/** Copies a kept directory; returns whether it could. Another process may replace the directory meanwhile. */
async function takeCopy(kept: string, to: string, signal: AbortSignal): Promise<boolean> {
  try {
    await copyTree(kept, to, signal);
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Keeps a copy in the home, unless another process has kept one. Copies for other binaries are removed. */
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

/**
 * Removes a directory, which it moves away first. A process that copies the directory then fails, and does not take a
 * part for the whole.
 */
async function removeAtOnce(path: string): Promise<void> {
  const moved = uniquePath(path);
  await Deno.rename(path, moved);
  await removeTree(moved);
}

/** A path beside another, for a directory that is not complete. */
function uniquePath(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** Copies a tree, by links where both paths are on one file system. No file of it is ever written. */
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
