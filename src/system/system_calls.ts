/** Bounds that the kernel keeps on one process and what it starts, each soft and hard: getrlimit(2). */
export interface ResourceLimits {
  readonly cpuSeconds: readonly [soft: number, hard: number];
  readonly fileBytes: readonly [soft: number, hard: number];
  readonly dataBytes: readonly [soft: number, hard: number];
  readonly coreBytes: readonly [soft: number, hard: number];
  readonly descriptors: readonly [soft: number, hard: number];
}

/** The kernel's numbers of them (asm-generic/resource.h). */
const NUMBERS: Readonly<Record<keyof ResourceLimits, number>> = {
  cpuSeconds: 0,
  fileBytes: 1,
  dataBytes: 2,
  coreBytes: 4,
  descriptors: 7,
};

/** The C library under its names: glibc, musl. */
const LIBRARIES = ["libc.so.6", "libc.so"];

const SYMBOLS = {
  prlimit: { parameters: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  close_range: { parameters: ["u32", "u32", "i32"], result: "i32", optional: true },
} as const satisfies Deno.ForeignLibraryInterface;

const FIRST_INHERITED_DESCRIPTOR = 3;
const LAST_DESCRIPTOR = 0xffff_ffff;
const CLOSE_RANGE_CLOEXEC = 4;

/** What Deno has no API for: calls of the operating system's C library. */
export class SystemCalls implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Undefined where there are no such calls, or this service may not make them. */
  static open(): SystemCalls | undefined {
    if (Deno.build.os !== "linux") return undefined;
    for (const name of LIBRARIES) {
      try {
        return new SystemCalls(Deno.dlopen(name, SYMBOLS));
      } catch {
        // Not under this name, or not for this service: the next one, or none.
      }
    }
    return undefined;
  }

  /**
   * Sets the resource limits of another process, none above what it has: prlimit(2). Starting prlimit(1) before each child
   * would cost 0.4 ms; a process that was just spawned is limited before it can have done anything.
   *
   * @throws {Error} when the kernel refuses, or the process is gone
   */
  limit(pid: number, limits: ResourceLimits): void {
    for (const name of Object.keys(NUMBERS) as (keyof ResourceLimits)[]) {
      const inherited = new BigUint64Array(2);
      this.#prlimit(pid, NUMBERS[name], { next: null, old: inherited });
      const highest = inherited[1] ?? 0n;
      const wanted = limits[name].map((value) => BigInt(value) < highest ? BigInt(value) : highest);
      this.#prlimit(pid, NUMBERS[name], { next: BigUint64Array.from(wanted), old: null });
    }
  }

  /** Keeps descriptors that whoever started this service left open from its children: close_range(2), Linux 5.11. */
  closeInheritedOnExec(): void {
    this.#library.symbols.close_range?.(FIRST_INHERITED_DESCRIPTOR, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC);
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  #prlimit(
    pid: number,
    resource: number,
    { next, old }: Record<"next" | "old", BigUint64Array<ArrayBuffer> | null>,
  ): void {
    if (this.#library.symbols.prlimit(pid, resource, next, old) !== 0) {
      throw new Error(`Cannot limit resource ${resource} of process ${pid}`);
    }
  }
}
