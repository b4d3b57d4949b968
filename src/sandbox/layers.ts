import { basename, join } from "@std/path";
import type { LayerFinding } from "../core/diagnosis.ts";
import { messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { bubblewrapCommand, bubblewrapOptions, encodeOptions, OPTIONS_WORD } from "./bubblewrap.ts";
import { Cgroups, TRY_BOUNDS } from "./cgroup.ts";
import { delay } from "../concurrency/delay.ts";
import { landlockOptions } from "./landlock.ts";
import { limitingShell } from "./limiting_shell.ts";
import { OwnUids } from "../host/own_uids.ts";
import { stage } from "./reach.ts";
import { KERNEL_FILES } from "./system_files.ts";
import { seccompFilter } from "./seccomp.ts";
import { succeeds } from "../process/spawn.ts";
import { SystemCalls } from "../host/system_calls.ts";

/** A layer that the operating system may lend. */
export type LayerName =
  | "namespaces"
  | "landlock"
  | "seccomp"
  | "no_new_privs"
  | "own_user"
  | "rlimits"
  | "cgroup"
  | "tmpfs";

/** How layers are looked for. */
export interface DetectOptions {
  /** Layers that are not used even where they work. */
  readonly without?: readonly LayerName[];
  /**
   * Memory for a file system in it, for as long as it is there; undefined where none is left. Absent, there always is.
   */
  promiseMemory?(bytes: number): Disposable | undefined;
}

/** What this machine has; undefined is what it has not, or what does not work. */
export interface Layers {
  /** The service's own directory, in which launchers start. */
  readonly directory: string;
  readonly findings: readonly LayerFinding[];
  readonly calls?: SystemCalls | undefined;
  readonly hasLimits: boolean;
  readonly setsid?: string | undefined;
  readonly setpriv?: string | undefined;
  readonly bubblewrap?: string | undefined;
  /** Those of {@link KERNEL_FILES} that this kernel has. */
  readonly kernelFiles: readonly string[];
  readonly hasLandlock: boolean;
  readonly filters?: { readonly withNetwork: string; readonly withoutNetwork: string } | undefined;
  readonly uids?: OwnUids | undefined;
  readonly cgroups?: Cgroups | undefined;
  readonly hasTmpfs: boolean;
  promiseMemory(bytes: number): Disposable | undefined;
  /** A path of a binary by which other users can start it. */
  stage?(binary: string): string;
}

/** No layer at all. */
export const NO_LAYERS: Layers = {
  directory: "/",
  findings: [],
  hasLimits: false,
  kernelFiles: [],
  hasLandlock: false,
  hasTmpfs: false,
  promiseMemory: () => undefined,
};

/** The child dies with its parent, and no exec gains it a privilege. */
export const SETPRIV_OPTIONS = ["--pdeathsig", "KILL", "--no-new-privs"];

const LAUNCHER_DIRECTORIES = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];
const REMOVAL_TRIES = 200;
/** Room for a try. */
const TRY_OPTIONS = `size=${MEBIBYTE},nr_inodes=16,mode=0700`;

/** What makes a child another user's. */
export function userOptions(uid: number | undefined): string[] {
  return uid === undefined ? [] : ["--reuid", String(uid), "--regid", String(uid), "--clear-groups"];
}

/** Tries every layer here; `directory` is the service's own, and gets what launchers read. */
export async function detectLayers(directory: string, options: DetectOptions): Promise<Layers> {
  const isWanted = (name: LayerName) => !(options.without ?? []).includes(name);
  const calls = SystemCalls.open();
  calls?.closeInheritedOnExec();
  const [hasLimits, setsid, setpriv] = await Promise.all([
    isWanted("rlimits") && tryLimits(),
    findLauncher("setsid", ["/bin/true"]),
    findLauncher("setpriv", [...SETPRIV_OPTIONS, "/bin/true"]),
  ]);
  const launcher = isWanted("no_new_privs") ? setpriv : undefined;
  const uids = isWanted("own_user") ? await tryUids(directory, launcher) : undefined;
  const filters = isWanted("seccomp") ? await writeFilters(directory) : undefined;
  const user = uids?.take();
  const kernelFiles = KERNEL_FILES.filter(exists);
  const [hasFilter, hasLandlock, bubblewrap] = await Promise.all([
    tryPrivileges(launcher, filters === undefined ? undefined : ["--seccomp-filter", filters.withNetwork]),
    tryPrivileges(isWanted("landlock") ? launcher : undefined, landlockOptions(TRUE_ALONE)),
    isWanted("namespaces")
      ? tryBubblewrap({ calls, kernelFiles, launcher, user, filterPath: filters?.withNetwork })
      : undefined,
  ]);
  if (user !== undefined) uids?.give(user);
  const cgroups = isWanted("cgroup") ? await tryCgroups(directory) : { reason: "not wanted" };
  const hasTmpfs = isWanted("tmpfs") && tryTmpfs(directory, calls);
  const found = {
    directory,
    calls,
    hasLimits,
    setsid,
    setpriv: launcher,
    bubblewrap,
    kernelFiles,
    hasLandlock,
    filters: hasFilter || (bubblewrap !== undefined && filters !== undefined) ? filters : undefined,
    uids,
    cgroups: cgroups instanceof Cgroups ? cgroups : undefined,
    hasTmpfs,
    promiseMemory: options.promiseMemory ?? (() => ({ [Symbol.dispose]: () => {} })),
    ...(uids === undefined ? {} : { stage: (binary: string) => stage(binary, directory) }),
  };
  return { ...found, findings: describe(found, cgroups instanceof Cgroups ? "" : cgroups.reason) };
}

/** What a try under Landlock needs to start `/bin/true`. */
const TRUE_ALONE = {
  mounts: [{ source: "/usr/bin", target: "/usr/bin", access: "execute" }, {
    source: "/bin",
    target: "/bin",
    access: "execute",
  }],
  hasNetwork: false,
} as const;

/** Where a launcher lies that can start a program with these arguments, or undefined. */
async function findLauncher(name: string, args: readonly string[]): Promise<string | undefined> {
  for (const directory of LAUNCHER_DIRECTORIES) {
    const path = join(directory, name);
    if (await succeeds([path, ...args])) return path;
  }
  return undefined;
}

/** Whether the shell sets the limits that it is told to. */
async function tryLimits(): Promise<boolean> {
  const limits = { cpuSeconds: 7, fileBytes: 512, dataBytes: 64 * MEBIBYTE, descriptors: 32 };
  const [first = "", ...rest] = limitingShell(limits, { filterPath: undefined });
  return await succeeds([
    first,
    ...rest,
    "/bin/sh",
    "-c",
    '[ "$(ulimit -n) $(ulimit -St) $(ulimit -Ht) $(ulimit -c)" = "32 7 8 0" ]',
  ]);
}

/** Whether setpriv can start a program with these options. */
async function tryPrivileges(setpriv: string | undefined, options: readonly string[] | undefined): Promise<boolean> {
  if (setpriv === undefined || options === undefined) return false;
  return await succeeds([setpriv, ...SETPRIV_OPTIONS, ...options, "/bin/true"]);
}

/** Users of this service's own, if a program of theirs can work in a directory below the service's. */
async function tryUids(directory: string, setpriv: string | undefined): Promise<OwnUids | undefined> {
  const uids = setpriv === undefined ? undefined : OwnUids.open();
  if (setpriv === undefined || uids === undefined) return undefined;
  const place = join(directory, "user_try");
  const uid = uids.take();
  try {
    await Deno.mkdir(place, { mode: 0o700 });
    await Deno.chown(place, uid, uid);
    const write = ["/bin/sh", "-c", `: >"$0/file"`, place] as const;
    if (await succeeds([setpriv, ...SETPRIV_OPTIONS, ...userOptions(uid), ...write])) return uids;
  } catch {
    // They cannot be had here.
  } finally {
    uids.give(uid);
    await Deno.remove(place, { recursive: true }).catch(() => {}); // It was not made.
  }
  uids[Symbol.dispose]();
  return undefined;
}

async function writeFilters(directory: string): Promise<Layers["filters"]> {
  const write = async (name: string, hasNetwork: boolean) => {
    const filter = seccompFilter({ hasNetwork });
    const path = join(directory, name);
    if (filter !== undefined) await Deno.writeFile(path, filter, { mode: 0o644 });
    return filter === undefined ? undefined : path;
  };
  const [withNetwork, withoutNetwork] = await Promise.all([
    write("network.bpf", true),
    write("no_network.bpf", false),
  ]);
  return withNetwork === undefined || withoutNetwork === undefined ? undefined : { withNetwork, withoutNetwork };
}

async function tryBubblewrap(
  { calls, kernelFiles, launcher, user, filterPath }: {
    readonly kernelFiles: readonly string[];
    readonly calls: SystemCalls | undefined;
    readonly launcher: string | undefined;
    readonly user: number | undefined;
    readonly filterPath: string | undefined;
  },
): Promise<string | undefined> {
  if (calls === undefined) return undefined;
  const asUser = launcher === undefined ? [] : [launcher, ...SETPRIV_OPTIONS, ...userOptions(user)];
  const bytes = encodeOptions(bubblewrapOptions({
    variables: {},
    emptyFiles: kernelFiles,
    mounts: [],
    cwd: "/",
    hasNetwork: false,
    startsOthers: true,
    hasFilter: filterPath !== undefined,
  }));
  for (const directory of LAUNCHER_DIRECTORIES) {
    const binary = join(directory, "bwrap");
    const launchers = [...limitingShell(undefined, { filterPath }), ...asUser];
    const [first = binary, ...rest] = [...launchers, ...bubblewrapCommand(binary), "/bin/true"];
    const word = launchers.length + OPTIONS_WORD;
    if (await succeeds([first, ...rest], { word, open: () => calls.openInheritedFile(bytes) })) return binary;
  }
  return undefined;
}

/** Control groups, if a child can join one. */
async function tryCgroups(directory: string): Promise<Cgroups | { readonly reason: string }> {
  try {
    const cgroups = Cgroups.open(basename(directory));
    const group = cgroups.make(TRY_BOUNDS);
    const shell = limitingShell(undefined, { filterPath: undefined, groupFiles: group.files });
    const canJoin = await succeeds(["/bin/sh", ...shell.slice(1), "/bin/true"]);
    // The kernel is done with it a moment later.
    for (let tries = 0; !group.remove() && tries < REMOVAL_TRIES; tries++) await delay(1);
    if (canJoin) return cgroups;
    cgroups[Symbol.dispose]();
    return { reason: "a child cannot join a group of its own" };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function tryTmpfs(directory: string, calls: SystemCalls | undefined): boolean {
  const place = join(directory, "tmpfs_try");
  try {
    Deno.mkdirSync(place);
    calls?.mountTmpfs(place, TRY_OPTIONS);
    return calls?.unmount(place) ?? false;
  } catch {
    return false; // Not for this service.
  } finally {
    removeIfThere(place);
  }
}

function exists(path: string): boolean {
  try {
    return Deno.lstatSync(path).isFile;
  } catch {
    return false;
  }
}

/** Best effort: what cannot be removed goes with the directory around it. */
function removeIfThere(place: string): void {
  try {
    Deno.removeSync(place);
  } catch {
    // It was not made, or is still mounted.
  }
}

/** What was found of each layer, the strongest first, and why programs get no control groups where that is so. */
function describe(has: Omit<Layers, "findings">, whyNoCgroup: string): LayerFinding[] {
  const layer = (name: LayerName, active: boolean, texts: readonly [does: string, lacks: string, remedy: string]) =>
    active ? { name, active, detail: texts[0] } : { name, active, detail: texts[1], remedy: texts[2] };
  const isLandlockUsed = has.bubblewrap === undefined && has.hasLandlock;
  return [
    layer("namespaces", has.bubblewrap !== undefined, [
      "bubblewrap: a file system, processes and network of the program's own",
      "bwrap is not there, or may make no namespaces",
      "install bubblewrap, and let the service's user make user namespaces",
    ]),
    ...(has.bubblewrap !== undefined ? [] : [layer("landlock", isLandlockUsed, [
      "no file but the named ones",
      "setpriv has no --landlock-access, or the kernel no Landlock",
      "install util-linux 2.41 or later, on Linux 5.13 or later",
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
