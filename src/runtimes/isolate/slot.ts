import { join } from "@std/path";
import { CodeBeakerError } from "../../core/errors.ts";
import { DEFAULT_LIMITS } from "../../core/limits.ts";
import { ChildLife } from "../../process/child_life.ts";
import type { ChildProcesses } from "../../process/child_processes.ts";
import { MAX_DESCRIPTORS } from "../../sandbox/confinement.ts";
import type { Installation } from "../process/installation.ts";
import { mountsOf, OWN_ROOT } from "../process/mounts.ts";
import type { WarmMember } from "../warm/warm_member.ts";
import { PROCESS_MEMORY_MB } from "./facts.ts";
import { lockFilter } from "./lock_filter.ts";
import { HOST, HOST_MAIN, NO_CONFIGURATION } from "./modules.ts";
import { settingsOf } from "./settings.ts";
import { encodeRequest, type SlotFrame, SlotFrames } from "./slot_frames.ts";

/** How long a slot may take until it is ready. */
const READY_MS = 10_000;
/** Memory beyond that of a program, in MB. It is V8's own, and memory that V8 frees later. */
const MARGIN_MB = 96;
/**
 * The bytes that Node and V8 reserve as data before a program begins. Node 26 took 1.1 GB, and an isolate takes 512 MB.
 */
const RESERVED_BYTES = 2_200e6;
/** A slot's own bound on CPU time, in ms. It is far beyond the bounds of all its programs together. */
const CPU_MS = 86_400_000;
/** The most bytes that are read at once: the size of a pipe. */
const READ_BYTES = 65_536;
/** The result of a read of a pipe that has failed. */
const NO_MORE = { done: true, value: undefined } as const;
/** The most bytes of stderr that are kept, to find out how a slot ended. */
const MAX_SAID_BYTES = 4_096;
/** Matches the last output of a slot without memory. */
const MEMORY_WORDS = /out of memory|is_heap_oom = 1|bad_alloc|std::system_error/i;

/**
 * The flags of Node. They allow no threads beside those of isolates, and no snapshot, since isolates are not made from
 * one. They give access to Node's own compiler, and to what Deno's V8 has of the language without a flag. Every isolate
 * hashes names as V8's own snapshot does: to hash them anew takes 4 % of a program's CPU time, and a program whose
 * names collide is slow alone.
 */
export const FLAGS: readonly string[] = [
  ...["--no-node-snapshot", "--single-threaded", "--v8-pool-size=0", "--no-warnings", "--disable-sigusr1"],
  ...["--expose-internals", "--no-rehash-snapshot", "--js-sum-precise", "--js-intl-locale-variants"],
];
/** The allocator's settings. Most small memory that one isolate frees, the next one gets without a search. */
const ALLOCATOR = "glibc.malloc.tcache_count=200";
/** The flag of V8 with which it makes no machine code. */
export const JITLESS = "--jitless";

/** Options of a slot. */
export interface SlotOptions {
  /** The memory limit of its programs. */
  readonly memoryMb: number;
  /** The path of the addon that makes isolates, which programs' users can read. */
  readonly addonPath: string;
}

/** A confined process that runs one program after another. Disposing ends it. */
export class Slot implements WarmMember {
  readonly memoryMb: number;
  /** The slot's processes, for measurements. */
  readonly processes: ChildProcesses;
  /** How many programs the slot has run. */
  programs = 0;
  readonly #life: ChildLife;
  readonly #directory: AsyncDisposable;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #stdout: ReadableStreamBYOBReader;
  /** The memory that each read fills. A read of a pipe would allocate as much each time. */
  #buffer = new ArrayBuffer(READ_BYTES);
  readonly #listening: Promise<void>;
  readonly #frames = new SlotFrames();
  #early: SlotFrame[] = [];
  #said = "";
  #isAlive = true;

  private constructor(
    life: ChildLife,
    { directory, memoryMb, processes }: {
      readonly directory: AsyncDisposable;
      readonly memoryMb: number;
      readonly processes: ChildProcesses;
    },
  ) {
    this.memoryMb = memoryMb;
    this.processes = processes;
    this.#life = life;
    this.#directory = directory;
    this.#stdin = life.process.stdin.getWriter();
    this.#stdout = life.process.stdout.getReader({ mode: "byob" });
    this.#listening = this.#listen(life.process.stderr).catch(() => {}); // It has ended.
    life.exited.then(() => this.#isAlive = false);
  }

  /**
   * Starts a slot. Returns when it is ready and its lock has been checked.
   *
   * @throws {CodeBeakerError} `runtime_unavailable`
   */
  static async start(installation: Installation, { addonPath, memoryMb }: SlotOptions): Promise<Slot> {
    const { host, scratchDirectory } = installation;
    const { confinement } = host;
    const { isolateJitless: isJitless } = settingsOf(host);
    await using unused = new AsyncDisposableStack();
    const directory = unused.use(
      confinement.makeDirectory(join(scratchDirectory, `slot_${crypto.randomUUID()}`), { diskMb: 1 }),
    );
    const mounts = mountsOf(directory.path, installation);
    const modules = mounts.module(HOST);
    const addon = {
      source: addonPath,
      target: join(OWN_ROOT, "isolated_vm.node"),
      access: "execute",
    } as const;
    const limits = { ...DEFAULT_LIMITS, cpuMs: CPU_MS, memoryMb: memoryMb + PROCESS_MEMORY_MB + MARGIN_MB };
    const options = {
      addonPath: addon.target,
      filter: lockFilter(Deno.build.arch, { isJitless }).toBase64(),
      isJitless,
      memoryMb,
      marginMb: MARGIN_MB,
    };
    const flags = isJitless ? [...FLAGS, JITLESS] : FLAGS;
    const confined = confinement.confine({
      argv: [mounts.binary.target, ...flags, join(modules.target, HOST_MAIN), JSON.stringify(options)],
      cwd: "/",
      variables: {
        PATH: "/usr/bin:/bin",
        HOME: "/nonexistent",
        LANG: "C.UTF-8",
        UV_USE_IO_URING: "0",
        GLIBC_TUNABLES: ALLOCATOR,
        OPENSSL_CONF: join(modules.target, NO_CONFIGURATION),
      },
      mounts: [mounts.binary, modules, addon],
      hasNetwork: false,
      startsOthers: false,
      directory,
      limits,
      reservedDataBytes: RESERVED_BYTES,
    });
    const life = ChildLife.start({ ...confined, limits, maxDescriptors: MAX_DESCRIPTORS, explain: () => undefined });
    const slot = unused.use(new Slot(life, { directory, memoryMb, processes: confined.processes }));
    await slot.#ready();
    unused.move();
    return slot;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Whether the slot ended without memory, as the kernel or the slot's stderr shows. */
  get isOutOfMemory(): boolean {
    return this.processes.isOutOfMemory() || MEMORY_WORDS.test(this.#said);
  }

  /** Settles when the slot has ended and its stderr is read. */
  async ended(): Promise<void> {
    await Promise.all([this.#life.outcome, this.#listening]);
  }

  /** Sends a request; a slot that is gone does not read it. */
  send(request: unknown): void {
    this.#stdin.write(encodeRequest(request)).catch(() => {});
  }

  /** The next frames, at least one; undefined where the slot has ended. */
  async read(): Promise<readonly SlotFrame[] | undefined> {
    for (;;) {
      if (this.#early.length > 0) return this.#early.splice(0);
      const { done, value } = await this.#stdout.read(new Uint8Array(this.#buffer)).catch(() => NO_MORE);
      if (done || value === undefined) return undefined;
      this.#buffer = value.buffer;
      try {
        const frames = this.#frames.push(value);
        if (frames.length > 0) return frames;
      } catch {
        return undefined; // The slot wrote bytes that are no frame, and is not used again.
      }
    }
  }

  /** Ends the slot at once. It is never used again. */
  kill(): void {
    this.#isAlive = false;
    this.#life.end({ kind: "cancelled" }, "kill");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    // Streams of an ended process are closed already.
    await Promise.all([this.#stdin.abort().catch(() => {}), this.#stdout.cancel().catch(() => {}), this.#listening]);
    await Promise.all([this.#life.outcome, this.#life.gone]);
    await this.#directory[Symbol.asyncDispose]();
  }

  async #ready(): Promise<void> {
    const deadline = setTimeout(() => this.kill(), READY_MS);
    try {
      for (;;) {
        const frames = await this.read();
        const at = frames?.findIndex(({ kind }) => kind === "ready");
        if (frames !== undefined && at !== undefined && at >= 0) {
          this.#early = frames.slice(at + 1);
          return;
        }
        if (frames === undefined) break;
      }
    } finally {
      clearTimeout(deadline);
    }
    await this.#life.outcome;
    const said = this.#said.trim();
    throw new CodeBeakerError("runtime_unavailable", `Cannot start a slot: ${said === "" ? "it ended" : said}`);
  }

  /** Keeps the end of stderr, which is no output of a program. */
  async #listen(stderr: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stderr) {
      this.#said = (this.#said + decoder.decode(bytes, { stream: true })).slice(-MAX_SAID_BYTES);
    }
  }
}
