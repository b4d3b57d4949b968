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
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * Sets the resource limits of another process: prlimit(2), called directly, since starting prlimit(1) before each child
 * costs 0.4 ms. A process that was just spawned is limited before it can have done anything.
 */
export class ResourceLimiter implements Disposable {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Undefined where there is no such call, or this service may not make it. */
  static open(): ResourceLimiter | undefined {
    if (Deno.build.os !== "linux") return undefined;
    for (const name of LIBRARIES) {
      try {
        return new ResourceLimiter(Deno.dlopen(name, SYMBOLS));
      } catch {
        // Not under this name, or not for this service: the next one, or no limiter.
      }
    }
    return undefined;
  }

  /** @throws {Error} when the kernel refuses, or the process is gone */
  apply(pid: number, limits: ResourceLimits): void {
    for (const name of Object.keys(NUMBERS) as (keyof ResourceLimits)[]) {
      const inherited = new BigUint64Array(2);
      this.#call(pid, NUMBERS[name], null, inherited);
      const highest = inherited[1] ?? 0n;
      const wanted = limits[name].map((value) => BigInt(value) < highest ? BigInt(value) : highest);
      this.#call(pid, NUMBERS[name], BigUint64Array.from(wanted), null);
    }
  }

  [Symbol.dispose](): void {
    this.#library.close();
  }

  #call(
    pid: number,
    resource: number,
    next: BigUint64Array<ArrayBuffer> | null,
    old: BigUint64Array<ArrayBuffer> | null,
  ): void {
    if (this.#library.symbols.prlimit(pid, resource, next, old) !== 0) {
      throw new Error(`Cannot limit resource ${resource} of process ${pid}`);
    }
  }
}
