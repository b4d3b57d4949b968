import { join } from "@std/path";
import type { LimitName, Limits } from "../core/limits.ts";
import { IPV4_ONLY_FILTER } from "./seccomp.ts";
import { succeeds } from "./spawn.ts";

const MEBIBYTE = 1_048_576;
const LAUNCHER_DIRECTORIES = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];
const MAX_DESCRIPTORS = 256;

/** The child dies with its parent, and no exec gains it a privilege. */
const SETPRIV_OPTIONS = ["--pdeathsig", "KILL", "--no-new-privs"];

/** What bounds a child beside what the child bounds itself. */
export interface ConfinementRequest {
  readonly limits: Limits;
  /** Address space that the binary reserves as data before it has done anything, in bytes. */
  readonly reservedDataBytes: number;
  /** Whether sockets of every family but IPv4 and Unix are to be refused. */
  readonly ipv4Only: boolean;
}

/**
 * The layers of the operating system around a child, as far as this machine has them. Each is a launcher in front of the
 * child's own command line that sets something and then becomes the child.
 */
export class Confinement {
  readonly #prlimit: string | undefined;
  readonly #setpriv: string | undefined;
  readonly #filterPath: string | undefined;

  private constructor(
    launchers: { prlimit: string | undefined; setpriv: string | undefined; filterPath: string | undefined },
  ) {
    this.#prlimit = launchers.prlimit;
    this.#setpriv = launchers.setpriv;
    this.#filterPath = launchers.filterPath;
  }

  /** No layer at all. */
  static none(): Confinement {
    return new Confinement({ prlimit: undefined, setpriv: undefined, filterPath: undefined });
  }

  /** Tries what this machine has, and leaves what the launchers need to read in `directory`. */
  static async detect(directory: string): Promise<Confinement> {
    const filterPath = IPV4_ONLY_FILTER === undefined ? undefined : join(directory, "ipv4_only.bpf");
    if (filterPath !== undefined && IPV4_ONLY_FILTER !== undefined) await Deno.writeFile(filterPath, IPV4_ONLY_FILTER);
    const [prlimit, setpriv, canFilter] = await Promise.all([
      works("prlimit", ["--core=0"], directory),
      works("setpriv", SETPRIV_OPTIONS, directory),
      filterPath === undefined
        ? undefined
        : works("setpriv", [...SETPRIV_OPTIONS, "--seccomp-filter", filterPath], directory),
    ]);
    return new Confinement({ prlimit, setpriv, filterPath: canFilter === undefined ? undefined : filterPath });
  }

  /** What is on, in words for `isolation.layers`. */
  get layers(): string[] {
    return [...(this.#setpriv ? ["no_new_privs"] : []), ...(this.#prlimit ? ["rlimits"] : [])];
  }

  /** The limits that these layers, together with the watch on the process, enforce. */
  get limits(): LimitName[] {
    return Deno.build.os === "linux" ? ["cpuMs", "memoryMb"] : [];
  }

  /** Whether a program with network can be kept from reaching anything over IPv6 and the rarer families. */
  get canRefuseOtherFamilies(): boolean {
    return this.#filterPath !== undefined;
  }

  /** The command line with the launchers before it. */
  wrap(argv: readonly [string, ...string[]], request: ConfinementRequest): [string, ...string[]] {
    const [first, ...rest] = [...this.#privileges(request), ...this.#resourceLimits(request), ...argv];
    return [first ?? argv[0], ...rest];
  }

  /** Where asked for, the child opens IPv4 sockets only. */
  #privileges({ ipv4Only }: ConfinementRequest): string[] {
    if (this.#setpriv === undefined) return [];
    const filter = ipv4Only && this.#filterPath !== undefined ? ["--seccomp-filter", this.#filterPath] : [];
    return [this.#setpriv, ...SETPRIV_OPTIONS, ...filter];
  }

  /**
   * The kernel's own bounds (getrlimit(2)) stand a little behind the watch, which tells more and cuts finer: the soft CPU
   * limit is in whole seconds, and data counts what is reserved.
   */
  #resourceLimits({ limits, reservedDataBytes }: ConfinementRequest): string[] {
    if (this.#prlimit === undefined) return [];
    const cpuSeconds = Math.ceil(limits.cpuMs / 1000);
    return [
      this.#prlimit,
      `--cpu=${cpuSeconds}:${cpuSeconds + 1}`,
      `--data=${reservedDataBytes + 2 * limits.memoryMb * MEBIBYTE}`,
      `--fsize=${limits.diskMb * MEBIBYTE}`,
      `--nofile=${MAX_DESCRIPTORS}`,
      "--core=0",
    ];
  }
}

/** Where a launcher lies that can start a program with these options, or undefined. */
async function works(launcher: string, options: readonly string[], directory: string): Promise<string | undefined> {
  for (const place of LAUNCHER_DIRECTORIES) {
    const path = join(place, launcher);
    if (await succeeds({ argv: [path, ...options, "/bin/true"], cwd: directory, env: {} })) return path;
  }
  return undefined;
}
