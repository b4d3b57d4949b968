import type { LayerFinding } from "../core/diagnosis.ts";
import type { LayerName, Layers } from "./layers.ts";

/** Findings about each layer, the strongest first. */
export function describeLayers(has: Omit<Layers, "findings">, whyNoCgroup: string): LayerFinding[] {
  const layer = (name: LayerName, active: boolean, texts: readonly [does: string, lacks: string, remedy: string]) =>
    active ? { name, active, detail: texts[0] } : { name, active, detail: texts[1], remedy: texts[2] };
  const isLandlockUsed = has.bubblewrap === undefined && has.hasLandlock;
  return [
    layer("namespaces", has.bubblewrap !== undefined, [
      "bubblewrap: a file system, processes and network of the program's own",
      "bwrap is missing, or may not make namespaces",
      "install bubblewrap, and let the service's user make user namespaces",
    ]),
    ...(has.bubblewrap !== undefined ? [] : [layer("landlock", isLandlockUsed, [
      "no files but the granted ones",
      "setpriv has no --landlock-access, or the kernel no Landlock",
      "install util-linux 2.41 or later, on Linux 6.2 or later",
    ])]),
    layer("seccomp", has.filters !== undefined, [
      "an allow list of system calls, with no sockets but the granted ones",
      "neither bubblewrap nor setpriv --seccomp-filter works here",
      "install bubblewrap, or util-linux 2.41 or later",
    ]),
    layer("no_new_privs", has.setpriv !== undefined, [
      "no exec gains a privilege, and programs die with the service",
      "setpriv does not work here",
      "install util-linux",
    ]),
    layer("own_user", has.uids !== undefined, [
      "a user for each environment",
      "the service may not become other users, or they cannot enter its directory",
      "run the service as root, with a scratch directory that others may enter",
    ]),
    layer("rlimits", has.hasLimits, [
      "CPU time, data, files and descriptors of each process",
      "there is no shell that sets limits",
      "install a POSIX shell as /bin/sh",
    ]),
    layer("cgroup", has.cgroups !== undefined, [
      `memory and processes of each program (cgroup v${has.cgroups?.version})`,
      `memory is watched: ${whyNoCgroup}`,
      "run the service as root, or where systemd delegates it a group (Delegate=yes)",
    ]),
    layer("tmpfs", has.hasTmpfs, [
      "workspaces of bounded size and number of files",
      "workspaces are watched: the service may mount nothing",
      "run the service as root",
    ]),
  ];
}
