import { existsSync } from "node:fs";
import { join } from "@std/path";
import type { Availability } from "../../src/core/capabilities.ts";

const ARCHITECTURE = Deno.build.arch === "aarch64" ? "arm64" : "x64";

/** Finds a Node of a version: the machine's own, one that `runtimes install` made, or one that `.ci/run` has installed. */
export async function findNode(major: number): Promise<string | undefined> {
  const home = join(Deno.env.get("HOME") ?? "/", ".codebeaker");
  const candidates = [
    ...[findOnPath("node") ?? []].flat(),
    ...(await namesIn(join(home, "binaries"))).filter((name) => name.startsWith(`node-${major}.`))
      .map((name) => join(home, "binaries", name, "node")),
    join(home, `tests/node-${major}/node_modules/node-linux-${ARCHITECTURE}/bin/node`),
  ];
  for (const path of candidates) {
    if (!existsSync(path)) continue;
    const { stdout } = await new Deno.Command(path, { args: ["--version"] }).output();
    if (new TextDecoder().decode(stdout).startsWith(`v${major}.`)) return path;
  }
  return undefined;
}

/** Finds the Bun that `runtimes install` made, or the machine's own. */
export async function findBun(): Promise<string | undefined> {
  const home = join(Deno.env.get("HOME") ?? "/", ".codebeaker/binaries");
  const [made] = (await namesIn(home)).filter((name) => name.startsWith("bun-")).toSorted();
  return made === undefined ? findOnPath("bun") : join(home, made, "bun");
}

/** Finds a command as a shell does. */
export function findOnPath(name: string): string | undefined {
  return (Deno.env.get("PATH") ?? "").split(":").map((directory) => join(directory, name)).find((path) =>
    existsSync(path)
  );
}

/** The same as an availability. */
export function nodeAvailability(major: number, path: string | undefined): Availability {
  return path === undefined ? { available: false, reason: `there is no Node ${major}` } : { available: true };
}

async function namesIn(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
}
