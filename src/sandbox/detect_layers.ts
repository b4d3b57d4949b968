import { basename, join } from "@std/path";
import { messageOf } from "../core/errors.ts";
import { MEBIBYTE } from "../core/limits.ts";
import { bubblewrapCommand, bubblewrapOptions, encodeOptions, OPTIONS_WORD } from "./launchers/bubblewrap.ts";
import { removeIfThere } from "./cgroup_files.ts";
import { Cgroups, TRY_BOUNDS } from "./cgroups.ts";
import { delay } from "../concurrency/delay.ts";
import { LauncherMounts, OWN_DEVICES } from "./launchers/launcher_mounts.ts";
import { findExecutable, findLaunchers, isFile, launcherPaths } from "./launchers/find_launchers.ts";
import { landlockOptions, type LandlockRequest } from "./launchers/landlock.ts";
import type { FilterSettings, LayerName, Layers } from "./layers.ts";
import { describeLayers } from "./layer_findings.ts";
import { limitingShell } from "./launchers/limiting_shell.ts";
import { mountInPlace } from "./mount.ts";
import { OwnUids } from "../host/own_uids.ts";
import { stageBinary, stageFiles } from "./reach.ts";
import { SETPRIV_OPTIONS, userOptions } from "./launchers/setpriv.ts";
import { KERNEL_FILES } from "./system_files.ts";
import { seccompFilter } from "./seccomp/seccomp.ts";
import { AdoptedProcesses } from "../process/adopted_processes.ts";
import { type SpawnRequest, succeeds } from "../process/spawn.ts";
import { SystemCalls } from "../host/system_calls.ts";

/** Options of the detection of layers. */
export interface DetectOptions {
  /** Layers that are not used even where they work. */
  readonly without?: readonly LayerName[];
  /**
   * Reserves memory for a file system in it, until disposed of. Undefined where none is left. Absent, memory is always
   * granted.
   */
  promiseMemory?(bytes: number): Disposable | undefined;
  /** Called once, while a child tests the layer that takes longest. It must return at once. */
  whileTesting?(): void;
}

const REMOVAL_TRIES = 200;
const CAP_SYS_PTRACE = 19n;
/** Options of a file system that tests whether one can be mounted. */
const TRY_OPTIONS = `size=${MEBIBYTE},nr_inodes=16,mode=0700`;

/** Tries every layer. `directory` is the service's own, and gets the files that launchers read. */
export async function detectLayers(directory: string, options: DetectOptions): Promise<Layers> {
  const isWanted = (name: LayerName) => !(options.without ?? []).includes(name);
  const calls = SystemCalls.open();
  calls?.closeInheritedOnExec();
  // Groups come first: a service that may have to move has no child yet.
  const [cgroups, { hasLimits, setpriv, setsid }, filters] = await Promise.all([
    isWanted("cgroup") ? tryCgroups(directory, findExecutable("setsid")) : { reason: "not wanted" },
    findLaunchers({ wantsLimits: isWanted("rlimits") }),
    isWanted("seccomp") ? writeFilters(directory) : undefined,
  ]);
  const launcher = isWanted("no_new_privs") ? setpriv : undefined;
  const filterPath = filters?.({ hasNetwork: true, sharesNamespaces: false });
  const { hasFilter, hasLandlock, uids } = await tryPrivileges(directory, {
    launcher,
    setsid,
    wantsUser: isWanted("own_user"),
    filter: filterPath === undefined ? undefined : ["--seccomp-filter", filterPath],
    landlock: isWanted("landlock") ? landlockOptions(trueWithin(directory)) : undefined,
  });
  const user = uids?.take();
  const kernelFiles = KERNEL_FILES.filter(isFile);
  const groups = cgroups instanceof Cgroups ? cgroups.directories : [];
  const finding = isWanted("namespaces")
    ? findBubblewrap({ calls, directory, groups, kernelFiles, launcher, setsid, user, filterPath })
    : undefined;
  options.whileTesting?.();
  const { bubblewrap, mounts } = await finding ?? {};
  if (user !== undefined) uids?.give(user);
  const isHeld = hasLandlock && hasFilter && hasLimits && uids !== undefined && bubblewrap === undefined;
  // The first process of a container adopts descendants in any case.
  const adopts = (isHeld || Deno.pid === 1) && calls?.adoptDescendants() === true;
  const hasTmpfs = isWanted("tmpfs") && await tryTmpfs(directory, calls);
  const found = {
    directory,
    calls,
    hasLimits,
    setsid,
    setpriv: launcher,
    bubblewrap,
    mounts,
    unshare: findExecutable("unshare"),
    kernelFiles,
    hasLandlock,
    filters: hasFilter || (bubblewrap !== undefined && filters !== undefined) ? filters : undefined,
    uids,
    adopted: adopts ? new AdoptedProcesses(calls) : undefined,
    keepsTogether: isHeld && adopts,
    cgroups: cgroups instanceof Cgroups ? cgroups : undefined,
    seesOpenFiles: uids === undefined || mayTrace(),
    hasTmpfs,
    promiseMemory: options.promiseMemory ?? (() => ({ [Symbol.dispose]: () => {} })),
    ...(uids === undefined ? {} : {
      stageBinary: (binary: string) => stageBinary(binary, directory),
      stageFiles: (source: string) => stageFiles(source, directory),
    }),
  };
  return { ...found, findings: describeLayers(found, cgroups instanceof Cgroups ? "" : cgroups.reason) };
}

/** A request of `/bin/true` under Landlock, with a directory to write in. Rights to write need the newest kernel. */
function trueWithin(directory: string): LandlockRequest {
  return {
    mounts: [mountInPlace("/usr/bin", "execute"), mountInPlace("/bin", "execute"), mountInPlace(directory, "write")],
    hasNetwork: false,
    startsOthers: false,
  };
}

/** Options of setpriv to try, for each layer. A layer without them is not tried. */
interface PrivilegeTrials {
  readonly launcher: string | undefined;
  readonly setsid: string | undefined;
  readonly wantsUser: boolean;
  readonly filter: readonly string[] | undefined;
  readonly landlock: readonly string[] | undefined;
}

/** Finds the layers that setpriv offers here. One child tries all of them; where that fails, one child tries each. */
async function tryPrivileges(
  directory: string,
  { filter, landlock, launcher, setsid, wantsUser }: PrivilegeTrials,
): Promise<Pick<Layers, "hasLandlock" | "uids"> & { readonly hasFilter: boolean }> {
  if (launcher === undefined) return { uids: undefined, hasFilter: false, hasLandlock: false };
  const works = (words: readonly string[]) => succeeds([launcher, ...SETPRIV_OPTIONS, ...words], { setsid });
  if (wantsUser) {
    const uids = await tryUids(directory, { works, options: [...landlock ?? [], ...filter ?? []] });
    if (uids !== undefined) return { uids, hasFilter: filter !== undefined, hasLandlock: landlock !== undefined };
  }
  const isGiven = async (options: readonly string[] | undefined) =>
    options !== undefined && await works([...options, "/bin/true"]);
  const [uids, hasFilter, hasLandlock] = await Promise.all([
    wantsUser ? tryUids(directory, { works }) : undefined,
    isGiven(filter),
    isGiven(landlock),
  ]);
  return { uids, hasFilter, hasLandlock };
}

/**
 * Opens this service's own users, if their programs can work in its directory. The programs also run under the given
 * options of setpriv.
 *
 * @param trial.works whether setpriv works with these words behind its own
 */
async function tryUids(
  directory: string,
  { options = [], works }: {
    readonly options?: readonly string[];
    works(words: readonly string[]): Promise<boolean>;
  },
): Promise<OwnUids | undefined> {
  const uids = OwnUids.open();
  if (uids === undefined) return undefined;
  const place = join(directory, "user_try");
  const uid = uids.take();
  try {
    await Deno.mkdir(place, { mode: 0o700 });
    await Deno.chown(place, uid, uid);
    const write = ["/bin/sh", "-c", `: >"$0/file"`, place];
    if (await works([...userOptions(uid), ...options, ...write])) return uids;
  } catch {
    // This service has no users of its own.
  } finally {
    uids.give(uid);
    await Deno.remove(place, { recursive: true }).catch(() => {}); // The directory was not made.
  }
  uids[Symbol.dispose]();
  return undefined;
}

async function writeFilters(directory: string): Promise<Layers["filters"]> {
  const pathFor = ({ hasNetwork, sharesNamespaces }: FilterSettings) =>
    join(directory, `${hasNetwork ? "network" : "no_network"}${sharesNamespaces ? "_shared" : ""}.bpf`);
  for (const hasNetwork of [true, false]) {
    for (const sharesNamespaces of [true, false]) {
      const settings = { hasNetwork, sharesNamespaces };
      const filter = seccompFilter(settings);
      if (filter === undefined) return undefined;
      await Deno.writeFile(pathFor(settings), filter, { mode: 0o644 });
    }
  }
  return pathFor;
}

/** Where a trial finds the service's directory. */
const TRIED = "/tried";

/** Finds bubblewrap, and the mounts among which it works. Only root has some of its own. */
async function findBubblewrap(
  { calls, directory, filterPath, groups, kernelFiles, launcher, setsid, user }: {
    readonly directory: string;
    readonly groups: readonly string[];
    readonly kernelFiles: readonly string[];
    readonly calls: SystemCalls | undefined;
    readonly launcher: string | undefined;
    readonly setsid: string | undefined;
    readonly user: number | undefined;
    readonly filterPath: string | undefined;
  },
): Promise<Pick<Layers, "bubblewrap" | "mounts">> {
  if (calls === undefined) return {};
  const asUser = launcher === undefined ? [] : [launcher, ...SETPRIV_OPTIONS, ...userOptions(user)];
  const request = {
    variables: {},
    emptyFiles: kernelFiles,
    mounts: [{ source: directory, target: TRIED, access: "read" }],
    cwd: "/",
    hasNetwork: false,
    startsOthers: true,
    hasFilter: filterPath !== undefined,
  } as const;
  const launchers = [...limitingShell(undefined, { filterPath }), ...asUser];
  const word = launchers.length + OPTIONS_WORD;
  for (const binary of launcherPaths("bwrap")) {
    const [first = binary, ...rest] = [...launchers, ...bubblewrapCommand(binary), "/bin/sh", "-c", `[ -d ${TRIED} ]`];
    const works = (devices?: string, within?: SpawnRequest["within"]) => {
      const bytes = encodeOptions(bubblewrapOptions({ ...request, devices }));
      const inherited = { word, open: () => calls.openInheritedFile(bytes) };
      return succeeds([first, ...rest], { inherited, setsid, within });
    };
    const mounts = user === undefined
      ? undefined
      : await LauncherMounts.open({ bubblewrap: binary, directory, groups, setsid }).catch(() => undefined);
    if (mounts !== undefined) {
      const within: SpawnRequest["within"] = (start) => {
        const { place, started } = mounts.start([directory], start);
        place[Symbol.dispose]();
        return started;
      };
      if (await works(OWN_DEVICES, within)) return { bubblewrap: binary, mounts };
      mounts[Symbol.dispose]();
    }
    if (await works()) return { bubblewrap: binary };
  }
  return {};
}

/** Opens control groups, if a child can join one. */
async function tryCgroups(
  directory: string,
  setsid: string | undefined,
): Promise<Cgroups | { readonly reason: string }> {
  try {
    const cgroups = Cgroups.open(basename(directory));
    const group = cgroups.make(TRY_BOUNDS);
    const shell = limitingShell(undefined, { filterPath: undefined, groupFiles: group.files });
    const canJoin = await succeeds(["/bin/sh", ...shell.slice(1), "/bin/true"], { setsid });
    // The kernel releases the group a moment later.
    for (let tries = 0; !group.remove() && tries < REMOVAL_TRIES; tries++) await delay(1);
    if (canJoin) return cgroups;
    cgroups[Symbol.dispose]();
    return { reason: "a child cannot join a group of its own" };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

async function tryTmpfs(directory: string, calls: SystemCalls | undefined): Promise<boolean> {
  const place = join(directory, "tmpfs_try");
  try {
    Deno.mkdirSync(place);
    calls?.mountTmpfs(place, TRY_OPTIONS);
    return await calls?.unmount(place) ?? false;
  } catch {
    return false; // This service may not mount.
  } finally {
    removeIfThere(place); // One that is still mounted goes with its parent.
  }
}

/** Whether this service may inspect processes of other users: proc_pid_fd(5), capabilities(7). */
function mayTrace(): boolean {
  const [, capabilities = "0"] = /^CapEff:\s+(\w+)$/m.exec(Deno.readTextFileSync("/proc/self/status")) ?? [];
  return (BigInt(`0x${capabilities}`) >> CAP_SYS_PTRACE & 1n) === 1n;
}
