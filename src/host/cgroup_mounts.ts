import { join } from "@std/path";
import { readMounts } from "./mounts.ts";

/** A mounted hierarchy. */
export interface HierarchyMount {
  readonly type: "cgroup" | "cgroup2";
  readonly controllers: readonly string[];
  readonly point: string;
  /** The path of this service's own group in it. */
  readonly own: string;
}

/**
 * Finds every hierarchy that this service sees. A mount of one file of a hierarchy is none: systemd makes one of
 * `memory.pressure`. Source: `/proc/[pid]/cgroup` in cgroups(7).
 */
export function mountsOf(): HierarchyMount[] {
  const own = new Map(
    Deno.readTextFileSync("/proc/self/cgroup").trim().split("\n").flatMap((line) => {
      const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      return controllers.split(",").map((controller): [string, string] => [controller, path]);
    }),
  );
  return readMounts().flatMap(({ point, root, superOptions: controllers, type }): HierarchyMount[] => {
    if ((type !== "cgroup" && type !== "cgroup2") || !isDirectory(point)) return [];
    const path = own.get(type === "cgroup2" ? "" : controllers.find((name) => own.has(name)) ?? "") ?? "/";
    const isBelowRoot = root !== "/" && path.startsWith(root);
    return [{ type, controllers, point, own: join(point, isBelowRoot ? path.slice(root.length) : path) }];
  });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false; // Something is mounted over it, or it may not be seen.
  }
}
