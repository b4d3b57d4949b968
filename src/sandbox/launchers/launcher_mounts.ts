import { dirname, join } from "@std/path";
import { MountNamespaces, type OwnDescriptor } from "../../host/mount_namespaces.ts";
import type { LauncherPlace, StartedInPlace } from "../../process/spare_launcher.ts";
import { type HelperOptions, spawnHelper } from "../../process/spawn.ts";
import { signalGroup } from "../../process/terminate.ts";
import { systemDirectory } from "./bubblewrap.ts";
import { SYSTEM_DIRECTORIES } from "../system_files.ts";

/** Longest time until the namespace is made, in ms. */
const MAKING_MS = 10_000;
/** Where launchers find the directory that programs see as `/dev`. This machine has nothing there. */
export const OWN_DEVICES = "/codebeaker-devices";
const DEVICES_OPTIONS = "size=64k,nr_inodes=64,mode=0755";
/** The devices, with the kernel's numbers: null(4), full(4), random(4), tty(4). */
const DEVICES = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["random", 1, 8],
  ["urandom", 1, 9],
  ["tty", 5, 0],
] as const;
const DEVICE_LINKS = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["core", "/proc/kcore"],
  ["ptmx", "pts/ptmx"],
] as const;
const TERMINALS = "pts";
const SHARED_MEMORY = "shm";
/**
 * Where launchers find the directories of control groups. The paths are short, since bubblewrap reads them for each
 * mount, and a waiting shell reads them byte by byte.
 */
const GROUPS = "/groups";
/** Reports its process, and waits until the service has opened the namespace. */
const REPORTING = ["/bin/sh", "-c", "echo $$; read -r end", "sh"];

/** The parts of this machine that launchers see. */
export interface LauncherMountsOptions extends Pick<HelperOptions, "setsid"> {
  readonly bubblewrap: string;
  /** The service's own directory. Nothing is mounted below it yet. */
  readonly directory: string;
  /** Directories of control groups. */
  readonly groups: readonly string[];
}

/**
 * A mount namespace for launchers, with the few file systems that they need.
 *
 * bubblewrap copies the table of all mounts, and reads it anew for each mount that it makes: with 130 more mounts of
 * this machine, a start took 7 ms longer. In this namespace it finds the same few mounts on every machine. Each start
 * gets a copy with the program's own directory. No mount elsewhere appears in any of them, and a lost service leaves
 * none behind.
 */
export class LauncherMounts implements Disposable {
  readonly #namespaces: MountNamespaces;
  readonly #base: OwnDescriptor;
  readonly #directory: string;
  readonly #groups: readonly string[];

  private constructor(
    namespaces: MountNamespaces,
    { base, directory, groups }: Pick<LauncherMountsOptions, "directory" | "groups"> & { readonly base: OwnDescriptor },
  ) {
    this.#namespaces = namespaces;
    this.#base = base;
    this.#directory = directory;
    this.#groups = groups;
  }

  /** Makes the namespace. Undefined where this service may make or enter none. */
  static async open(options: LauncherMountsOptions): Promise<LauncherMounts | undefined> {
    using unused = new DisposableStack();
    const namespaces = unused.use(MountNamespaces.open());
    if (namespaces === undefined) return undefined;
    const base = unused.use(await makeNamespace(namespaces, options));
    const isMade = () => namespaces.makePrivate() && makeDevices(namespaces);
    if (base === undefined || namespaces.within(base, isMade) !== true) return undefined;
    unused.move();
    return new LauncherMounts(namespaces, { ...options, base });
  }

  /**
   * Whether launchers find the same files at some paths as the service does. They do not where something was mounted
   * since.
   *
   * @param shown the mount that the start shows; it lies in the service's directory
   */
  covers(paths: readonly string[], shown: string): boolean {
    if (!isBelow(shown, this.#directory)) return false;
    const others = paths.filter((path) => !isBelow(path, shown));
    const identify = () => others.map(identityOf).join();
    try {
      const own = identify();
      return this.#namespaces.within(this.#base, identify) === own;
    } catch {
      return false; // Nothing lies there, or it may not be read.
    }
  }

  /** The path at which launchers find a file of a control group. */
  groupPathOf(file: string): string {
    const index = this.#groups.findIndex((group) => isBelow(file, group));
    const group = this.#groups[index];
    return group === undefined ? file : `${groupPlace(index)}${file.slice(group.length)}`;
  }

  /**
   * Starts a process in a copy of the namespace, with these mounts of this service.
   *
   * @throws {Error} when the kernel refuses, or no descriptor is left
   */
  start<Started>(mounts: readonly string[], start: () => Started): StartedInPlace<Started> {
    using cloned = this.#clone(mounts);
    const begun = cloned && this.#startInCopy(start, () => cloned.place());
    if (begun === undefined) throw new Error("The kernel refuses a mount namespace for its launchers");
    return begun;
  }

  /** Starts a process in a copy of the namespace, which shows mounts later. Undefined where the kernel refuses that. */
  startSpare<Started>(start: () => Started): StartedInPlace<Started> | undefined {
    return this.#startInCopy(start, () => true);
  }

  [Symbol.dispose](): void {
    this.#base[Symbol.dispose]();
    this.#namespaces[Symbol.dispose]();
  }

  #startInCopy<Started>(start: () => Started, prepare: () => boolean): StartedInPlace<Started> | undefined {
    const begin = () => {
      const namespace = this.#enterCopy() && prepare() ? this.#namespaces.namespaceOf("thread-self") : undefined;
      if (namespace === undefined) return undefined;
      using unused = new DisposableStack();
      unused.use(namespace);
      const started = start();
      unused.move();
      return { started, place: this.#placeIn(namespace) };
    };
    return this.#namespaces.within(this.#base, begin);
  }

  #placeIn(namespace: OwnDescriptor): LauncherPlace {
    return {
      show: (mounts) => {
        using cloned = this.#clone(mounts);
        return cloned !== undefined && this.#namespaces.within(namespace, () => cloned.place()) === true;
      },
      release: () => namespace.release(),
      [Symbol.dispose]: () => namespace[Symbol.dispose](),
    };
  }

  /** Enters a copy of the namespace with pseudo terminals of its own. Returns whether that worked. */
  #enterCopy(): boolean {
    return this.#namespaces.enterCopy() && this.#namespaces.mountTerminals(join(OWN_DEVICES, TERMINALS));
  }

  /** Clones mounts, to place them in the namespace that is entered. Undefined where the kernel refuses. */
  #clone(mounts: readonly string[]): (Disposable & { place(): boolean }) | undefined {
    using unused = new DisposableStack();
    const clones: { readonly path: string; readonly mount: OwnDescriptor }[] = [];
    for (const path of mounts) {
      const mount = unused.use(this.#namespaces.cloneMount(path));
      if (mount === undefined) return undefined;
      clones.push({ path, mount });
    }
    const owned = unused.move();
    return {
      place: () => clones.every(({ mount, path }) => this.#namespaces.place(mount, path)),
      [Symbol.dispose]: () => owned.dispose(),
    };
  }
}

/** Fills the namespace's directory of devices, as `bwrap --dev` would. Returns whether that worked. */
function makeDevices(namespaces: MountNamespaces): boolean {
  if (!namespaces.mountDevices(OWN_DEVICES, DEVICES_OPTIONS)) return false;
  for (const [name, major, minor] of DEVICES) {
    const path = join(OWN_DEVICES, name);
    if (!namespaces.makeDevice(path, { major, minor })) return false;
    Deno.chmodSync(path, 0o666); // The service's umask took permissions away.
  }
  for (const [name, target] of DEVICE_LINKS) Deno.symlinkSync(target, join(OWN_DEVICES, name));
  for (const name of [TERMINALS, SHARED_MEMORY]) {
    Deno.mkdirSync(join(OWN_DEVICES, name));
    Deno.chmodSync(join(OWN_DEVICES, name), 0o755);
  }
  return namespaces.makeReadOnly(OWN_DEVICES);
}

/** Makes a namespace with bubblewrap, and opens it. */
async function makeNamespace(
  namespaces: MountNamespaces,
  { bubblewrap, directory, groups, setsid }: LauncherMountsOptions,
): Promise<OwnDescriptor | undefined> {
  const binds = [
    ...["--ro-bind", "/usr", "/usr"],
    ...SYSTEM_DIRECTORIES.flatMap(systemDirectory),
    ...["--ro-bind", "/etc", "/etc"],
    ...["--dev-bind", "/proc", "/proc"],
    ...["--symlink", OWN_DEVICES, "/dev"],
    ...["/tmp", OWN_DEVICES, GROUPS, ...parentsOf(directory)].flatMap(openDirectory),
    ...groups.flatMap((group, index) => ["--bind", group, groupPlace(index)]),
    ...["--bind", directory, directory],
  ];
  const child = spawnHelper([bubblewrap, "--die-with-parent", ...binds, "--", ...REPORTING], { setsid });
  const deadline = setTimeout(() => signalGroup(child.pid, "SIGKILL"), MAKING_MS);
  const reader = child.stdout.getReader();
  try {
    const { value } = await reader.read();
    return value && namespaces.namespaceOf(Number.parseInt(new TextDecoder().decode(value)));
  } finally {
    await child.stdin.close().catch(() => {}); // The process has ended.
    await Promise.all([child.status, reader.cancel(), child.stderr.cancel()]);
    clearTimeout(deadline);
  }
}

function groupPlace(index: number): string {
  return `${GROUPS}/${index}`;
}

/** Makes a directory that every user may pass. bubblewrap itself closes the parents of mounts to other users. */
function openDirectory(path: string): string[] {
  return ["--perms", "0755", "--dir", path];
}

/** The directories above a path, the first one first. */
function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent].filter((place) => place !== "/");
}

/** Identifies the file at a path. A mount on it has another identity, also one of a directory of the same disk. */
function identityOf(path: string): string {
  const { dev, ino } = Deno.statSync(path);
  return `${dev} ${ino}`;
}

function isBelow(path: string, root: string): boolean {
  const place = join(path);
  return place === root || place.startsWith(`${root}/`);
}
