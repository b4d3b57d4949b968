import { openCLibrary, toCString } from "./system_calls.ts";

const SYMBOLS = {
  chroot: { parameters: ["buffer"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  closeElsewhere: { name: "close", parameters: ["i32"], result: "i32", nonblocking: true },
  fchdir: { parameters: ["i32"], result: "i32" },
  mknod: { parameters: ["buffer", "u32", "u64"], result: "i32" },
  mount: { parameters: ["buffer", "buffer", "buffer", "usize", "buffer"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  setns: { parameters: ["i32", "i32"], result: "i32" },
  syscall: { parameters: ["isize", "isize", "buffer", "isize", "buffer", "isize"], result: "isize" },
  unshare: { parameters: ["i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Numbers of calls that older C libraries have no function for. They are the same on every processor. */
const OPEN_TREE = 428n;
const MOVE_MOUNT = 429n;
const AT_FDCWD = -100n;
const OPEN_TREE_CLONE = 1n;
const MOVE_MOUNT_F_EMPTY_PATH = 4n;
const O_CLOEXEC = 0x8_0000;
const O_PATH = 0x20_0000;
const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x2_0000;
const MS_RDONLY = 1n;
const MS_NOSUID = 2n;
const MS_NOEXEC = 8n;
const MS_REMOUNT = 0x20n;
const MS_BIND = 0x1000n;
const MS_REC = 0x4000n;
const MS_PRIVATE = 0x4_0000n;
const S_IFCHR = 0o020000;
const MINOR_BITS = 8n;
/** Most pseudo terminals of one namespace. All sandboxes of a machine share some 3,000. */
const MAX_TERMINALS = 64;
/** Tries to come back from a namespace. The kernel may lack the memory for one of them. */
const RETURNS = 2;

/** A descriptor that no child inherits: a namespace, or a mount that is nowhere yet. Disposing closes it. */
export interface OwnDescriptor extends Disposable {
  readonly number: number;
  /**
   * Closes the descriptor in another thread, in place of disposing. With the last descriptor of a namespace its mounts
   * go, for which the kernel waits for all processors.
   */
  release(): Promise<void>;
}

/** What this thread comes back to. */
interface Home {
  readonly namespace: OwnDescriptor;
  readonly root: OwnDescriptor;
  readonly workingDirectory: OwnDescriptor;
}

/**
 * Mount namespaces that this thread enters for one synchronous action: mount_namespaces(7), setns(2). Processes that
 * the action starts stay there. The other threads of this service enter nothing.
 */
export class MountNamespaces implements Disposable {
  readonly #library: NamespaceLibrary;
  readonly #home: Home;

  private constructor(library: NamespaceLibrary, home: Home) {
    this.#library = library;
    this.#home = home;
  }

  /** Opens this thread's own namespace. Undefined where the thread may not come back into it. */
  static open(): MountNamespaces | undefined {
    const opened = openCLibrary(SYMBOLS);
    if (opened === undefined) return undefined;
    using unused = new DisposableStack();
    const library = unused.use(new NamespaceLibrary(opened));
    const namespace = library.open("/proc/thread-self/ns/mnt");
    const root = library.open("/", O_PATH);
    const workingDirectory = library.open(".", O_PATH);
    if (namespace === undefined || root === undefined || workingDirectory === undefined) return undefined;
    const namespaces = new MountNamespaces(library, { namespace, root, workingDirectory });
    // Where chroot(2) alone is forbidden, this thread would not come back: it is tried before anything is entered.
    if (!namespaces.#separate() || !namespaces.#restore() || !namespaces.#enter(namespace)) return undefined;
    namespaces.#comeBack();
    unused.move();
    return namespaces;
  }

  /** Opens the namespace of a process, or of this thread. Undefined where the process is gone. */
  namespaceOf(pid: number | "thread-self"): OwnDescriptor | undefined {
    return this.#library.open(`/proc/${pid}/ns/mnt`);
  }

  /**
   * Runs an action in a namespace. It awaits nothing. Undefined where the namespace cannot be entered. A service whose
   * thread cannot come back, which {@link open} has tried, exits: it would take the namespace's files for its own.
   *
   * @throws the action's error
   */
  within<Result>(namespace: OwnDescriptor, action: () => Result): Result | undefined {
    if (!this.#enter(namespace)) return undefined;
    using _left = { [Symbol.dispose]: () => this.#comeBack() };
    return action();
  }

  /** Enters a copy of the present namespace, within an action. Returns whether that worked. */
  enterCopy(): boolean {
    return this.#library.symbols.unshare(CLONE_NEWNS) === 0;
  }

  /** Makes every mount of the present namespace private: no mount elsewhere appears in it. */
  makePrivate(): boolean {
    return this.#library.symbols.mount(null, toCString("/"), null, MS_REC | MS_PRIVATE, null) === 0;
  }

  /** Mounts an empty file system in memory, whose device files can be opened. Returns whether that worked. */
  mountDevices(directory: string, options: string): boolean {
    return this.#mount("tmpfs", directory, { flags: MS_NOSUID, options });
  }

  /** Makes a file of a character device: mknod(2). No other user may open it. Returns whether that worked. */
  makeDevice(path: string, { major, minor }: { readonly major: number; readonly minor: number }): boolean {
    const { symbols: { mknod } } = this.#library;
    return mknod(toCString(path), S_IFCHR, BigInt(major) << MINOR_BITS | BigInt(minor)) === 0;
  }

  /** Mounts pseudo terminals of their own, of a bounded number: devpts(5). Returns whether that worked. */
  mountTerminals(directory: string): boolean {
    const options = `newinstance,ptmxmode=0666,mode=620,max=${MAX_TERMINALS}`;
    return this.#mount("devpts", directory, { flags: MS_NOSUID | MS_NOEXEC, options });
  }

  /** Makes a mount read-only, and keeps set-user-id files of it without effect. Returns whether that worked. */
  makeReadOnly(path: string): boolean {
    return this.#mount("none", path, { flags: MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, options: "" });
  }

  /**
   * Clones the mount at a path, and attaches the clone nowhere: open_tree(2), Linux 5.2. Undefined where the kernel
   * refuses, or nothing lies there.
   */
  cloneMount(path: string): OwnDescriptor | undefined {
    const { symbols: { syscall } } = this.#library;
    const flags = OPEN_TREE_CLONE | BigInt(O_CLOEXEC);
    return this.#library.own(Number(syscall(OPEN_TREE, AT_FDCWD, toCString(path), flags, null, 0n)));
  }

  /** Puts a cloned mount on a path of the present namespace: move_mount(2). Returns whether that worked. */
  place(mount: OwnDescriptor, path: string): boolean {
    const { symbols: { syscall } } = this.#library;
    const from = BigInt(mount.number);
    return syscall(MOVE_MOUNT, from, toCString(""), AT_FDCWD, toCString(path), MOVE_MOUNT_F_EMPTY_PATH) === 0n;
  }

  [Symbol.dispose](): void {
    this.#library[Symbol.dispose]();
  }

  /** Lets this thread share its root and its working directory with no other. */
  #separate(): boolean {
    return this.#library.symbols.unshare(CLONE_FS) === 0;
  }

  /** Enters a namespace, at its root. */
  #enter(namespace: OwnDescriptor): boolean {
    return this.#separate() && this.#library.symbols.setns(namespace.number, CLONE_NEWNS) === 0;
  }

  /** Restores the root of this service and its working directory. The root may be one of chroot(2). */
  #restore(): boolean {
    const { chroot, fchdir } = this.#library.symbols;
    const { root, workingDirectory } = this.#home;
    const hasRoot = fchdir(root.number) === 0 && chroot(toCString(".")) === 0;
    return fchdir(workingDirectory.number) === 0 && hasRoot;
  }

  #comeBack(): void {
    for (let tries = 0; tries < RETURNS; tries++) {
      if (this.#enter(this.#home.namespace) && this.#restore()) return;
    }
    const line =
      "codebeaker: the kernel does not let this service return to its own mounts, so it exits: start it again\n";
    Deno.stderr.writeSync(new TextEncoder().encode(line));
    Deno.exit(1);
  }

  #mount(
    type: string,
    directory: string,
    { flags, options }: { readonly flags: bigint; readonly options: string },
  ): boolean {
    const { symbols: { mount } } = this.#library;
    const [source, target, data] = [type, directory, options].map(toCString);
    return mount(source ?? null, target ?? null, source ?? null, flags, data ?? null) === 0;
  }
}

/** The C library, with the descriptors that its calls opened. Disposing closes those that are still open. */
class NamespaceLibrary implements Disposable {
  readonly symbols: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #open = new Set<number>();

  constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
    this.symbols = library.symbols;
  }

  /** Opens a path; undefined where that fails. */
  open(path: string, flags = 0): OwnDescriptor | undefined {
    return this.own(this.symbols.open(toCString(path), flags | O_CLOEXEC));
  }

  /** Owns the descriptor that a call returned; undefined where the call failed. */
  own(number: number): OwnDescriptor | undefined {
    if (number < 0) return undefined;
    this.#open.add(number);
    return {
      number,
      release: async () => {
        if (this.#open.delete(number)) await this.symbols.closeElsewhere(number);
      },
      [Symbol.dispose]: () => {
        if (this.#open.delete(number)) this.symbols.close(number);
      },
    };
  }

  [Symbol.dispose](): void {
    for (const number of this.#open) this.symbols.close(number);
    this.#open.clear(); // A child whose end comes later has nothing to close.
    this.#library.close();
  }
}
