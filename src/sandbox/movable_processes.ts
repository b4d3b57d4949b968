import { join } from "@std/path";
import { openCLibrary, toCString } from "../host/system_calls.ts";
import { read } from "./cgroup_files.ts";

/**
 * Finds the processes that may be moved out of a group. They are this service where it is alone in the group, and all
 * where systemd has delegated the group: then they are this service's, see systemd.resource-control(5).
 *
 * @throws the error of the system when the group cannot be read
 */
export function movableFrom(group: string): number[] {
  const residents = read(join(group, "cgroup.procs")).trim().split("\n").map(Number);
  const isAlone = residents.length === 1 && residents[0] === Deno.pid;
  // A process of another process namespace is 0 here, and the kernel takes 0 for this service itself.
  return isAlone || isDelegated(group) ? residents.filter((pid) => pid > 0) : [];
}

/** Whether systemd has marked a group as delegated. */
function isDelegated(group: string): boolean {
  const library = openCLibrary({ getxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" } });
  if (library === undefined) return false;
  const value = new Uint8Array(1);
  const size = library.symbols.getxattr(toCString(group), toCString("user.delegate"), value, BigInt(value.length));
  library.close();
  return Number(size) === 1 && value[0] === "1".charCodeAt(0);
}
