/** File names of the C library: glibc, musl. */
const LIBRARIES = ["libc.so.6", "libc.so"];

const SYMBOLS = {
  close: { parameters: ["i32"], result: "i32" },
  close_range: { parameters: ["u32", "u32", "i32"], result: "i32", optional: true },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32", optional: true },
  mount: { parameters: ["buffer", "buffer", "buffer", "usize", "buffer"], result: "i32" },
  prctl: { parameters: ["i32", "usize", "usize", "usize", "usize"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  umount2: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  waitpid: { parameters: ["i32", "buffer", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const FIRST_INHERITED_DESCRIPTOR = 3;
const LAST_DESCRIPTOR = 0xffff_ffff;
const CLOSE_RANGE_CLOEXEC = 4;
const MS_NOSUID = 2n;
const MS_NODEV = 4n;
const MS_REMOUNT = 32n;
const MNT_DETACH = 2;
const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const WALL = 0x4000_0000;

/** An open file that every child started meanwhile inherits. Disposing closes it here. */
export interface InheritedFile extends Disposable {
  readonly descriptor: number;
  /**
   * Writes at the beginning of the file, for a child that reads it later.
   *
   * @throws {Error} when the kernel does not take all bytes
   */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /**
   * Hides the file from children that are started from now on. Returns whether that worked: close_range(2), Linux 5.11.
   */
  closeOnExec(): boolean;
}

/** Opens functions of the C library; each takes 0.1 ms to open. Undefined where this service may not call any. */
export function openCLibrary<const Symbols extends Deno.ForeignLibraryInterface>(
  symbols: Symbols,
): Deno.DynamicLibrary<Symbols> | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const name of LIBRARIES) {
    try {
      return Deno.dlopen(name, symbols);
    } catch {
      // Not under this name, or not permitted: the next name is tried.
    }
  }
  return undefined;
}

/** System calls that Deno has no API for, through the C library. */
export class SystemCalls implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  /** Buffers that other threads read, which must not be collected. */
  readonly #read = new Set<Uint8Array>();

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Opens the calls; undefined where there are none, or this service may not make them. */
  static open(): SystemCalls | undefined {
    const library = openCLibrary(SYMBOLS);
    return library && new SystemCalls(library);
  }

  /** Hides descriptors that this service inherited from its children: close_range(2), Linux 5.11. */
  closeInheritedOnExec(): void {
    this.#library.symbols.close_range?.(FIRST_INHERITED_DESCRIPTOR, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC);
  }

  /**
   * Opens a nameless file in memory (memfd_create(2)) for a child to read from its beginning. The caller starts that
   * child, and no other, before it awaits anything, and then disposes of the file.
   *
   * @throws {Error} when the kernel refuses
   */
  openInheritedFile(bytes: Uint8Array<ArrayBuffer>): InheritedFile {
    const { close, close_range, memfd_create, pwrite } = this.#library.symbols;
    const descriptor = memfd_create?.(toCString("codebeaker"), 0) ?? -1;
    if (descriptor < 0) throw new Error("Cannot open a file in memory: the system refuses memfd_create(2)");
    const file = {
      descriptor,
      write(bytes: Uint8Array<ArrayBuffer>) {
        // A write at an offset leaves the file's own position at its beginning.
        if (Number(pwrite(descriptor, bytes, BigInt(bytes.length), 0n)) === bytes.length) return;
        throw new Error(`Cannot write ${bytes.length} bytes to a file in memory`);
      },
      closeOnExec: () => close_range?.(descriptor, descriptor, CLOSE_RANGE_CLOEXEC) === 0,
      [Symbol.dispose]: () => void close(descriptor),
    };
    using unused = new DisposableStack();
    unused.use(file);
    file.write(bytes);
    unused.move();
    return file;
  }

  /** Makes this process the parent of its descendants whose own parents end: prctl(2). Returns whether that worked. */
  adoptDescendants(): boolean {
    return this.#library.symbols.prctl(PR_SET_CHILD_SUBREAPER, 1n, 0n, 0n, 0n) === 0;
  }

  /**
   * Frees the entry of a child that has ended: waitpid(2). Nothing else may wait for the child. Returns whether it had
   * ended.
   */
  reap(pid: number): boolean {
    return this.#library.symbols.waitpid(pid, null, WNOHANG | WALL) === pid;
  }

  /**
   * Mounts an empty file system in memory on a directory: mount(2), tmpfs(5). {@link unmount} unmounts it, also from
   * another process, since the mount outlives this one.
   *
   * @throws {Error} when the kernel refuses
   */
  mountTmpfs(directory: string, options: string): void {
    if (this.#mountTmpfs(directory, { options, flags: MS_NOSUID | MS_NODEV })) return;
    throw new Error(`Cannot mount a file system in memory on ${directory}`);
  }

  /**
   * Changes the size of a mounted file system in memory. Returns whether the kernel agreed: it refuses a size below what
   * is in it.
   */
  resizeTmpfs(directory: string, options: string): boolean {
    return this.#mountTmpfs(directory, { options, flags: MS_REMOUNT | MS_NOSUID | MS_NODEV });
  }

  /**
   * Unmounts a directory at once: umount2(2). Processes that still use the mount keep it until they end. Returns
   * whether there was a mount. Another thread makes the call, since the kernel waits for all processors in it (2 ms).
   */
  async unmount(directory: string): Promise<boolean> {
    const path = toCString(directory);
    this.#read.add(path);
    const result = await this.#library.symbols.umount2(path, MNT_DETACH);
    this.#read.delete(path);
    return result === 0;
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  /** Calls mount(2) for a tmpfs. Returns whether the kernel agreed. */
  #mountTmpfs(directory: string, { flags, options }: { readonly flags: bigint; readonly options: string }): boolean {
    const [source, target, type, data] = ["codebeaker", directory, "tmpfs", options].map(toCString);
    return this.#library.symbols.mount(source ?? null, target ?? null, type ?? null, flags, data ?? null) === 0;
  }
}

/** A text as the C library reads it. */
export function toCString(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${text}\0`);
}
