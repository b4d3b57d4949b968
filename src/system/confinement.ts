import { join } from "@std/path";
import { type LimitName, type Limits, MEBIBYTE } from "../core/limits.ts";
import { SystemCalls } from "./system_calls.ts";
import { IPV4_ONLY_FILTER } from "./seccomp.ts";
import { type SpawnRequest, succeeds } from "./spawn.ts";

const LAUNCHER_DIRECTORIES = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin"];
const MAX_DESCRIPTORS = 256;

/** The child dies with its parent, and no exec gains it a privilege. */
const SETPRIV_OPTIONS = ["--pdeathsig", "KILL", "--no-new-privs"];

/** What bounds a child beside what the child bounds itself. */
export interface ConfinementRequest {
  readonly limits: Limits;
  /** Address space that the binary reserves as data before it has done anything, in bytes. */
  readonly reservedDataBytes: number;
  /** Whether sockets of every family but IPv4 are to be refused. */
  readonly ipv4Only: boolean;
}

/** What this machine has; undefined is what it has not, or what does not work. */
interface Layers {
  readonly calls?: SystemCalls | undefined;
  readonly setsid?: string | undefined;
  readonly setpriv?: string | undefined;
  readonly filterPath?: string | undefined;
}

/**
 * The layers of the operating system around a child, as far as this machine has them: resource limits, and launchers in
 * front of the child's own command line that set something and then become the child.
 */
export class Confinement implements Disposable {
  readonly #has: Layers;

  private constructor(layers: Layers) {
    this.#has = layers;
  }

  /** No layer at all. */
  static none(): Confinement {
    return new Confinement({});
  }

  /** Tries what this machine has, and leaves what the launchers need to read in `directory`. */
  static async detect(directory: string): Promise<Confinement> {
    const filterPath = join(directory, "ipv4_only.bpf");
    if (IPV4_ONLY_FILTER !== undefined) await Deno.writeFile(filterPath, IPV4_ONLY_FILTER);
    const [setsid, setpriv, filtering] = await Promise.all([
      findLauncher("setsid", []),
      findLauncher("setpriv", SETPRIV_OPTIONS),
      IPV4_ONLY_FILTER && findLauncher("setpriv", [...SETPRIV_OPTIONS, "--seccomp-filter", filterPath]),
    ]);
    const calls = SystemCalls.open();
    calls?.closeInheritedOnExec();
    return new Confinement({
      calls,
      setsid,
      setpriv,
      filterPath: filtering === undefined ? undefined : filterPath,
    });
  }

  /** What is on, in words for `isolation.layers`. */
  get layers(): string[] {
    return [...(this.#has.setpriv ? ["no_new_privs"] : []), ...(this.#has.calls ? ["rlimits"] : [])];
  }

  /** The limits that these layers, together with the watch on the process, enforce. */
  get limits(): LimitName[] {
    return Deno.build.os === "linux" ? ["cpuMs", "memoryMb"] : [];
  }

  /** Whether a program with network can be kept to IPv4, where private networks can be told by address. */
  get canKeepToIpv4(): boolean {
    return this.#has.filterPath !== undefined;
  }

  /** A command line under every layer. */
  confine(
    argv: readonly [string, ...string[]],
    request: ConfinementRequest,
  ): Pick<SpawnRequest, "argv" | "leadsGroup" | "onSpawned"> {
    const [first, ...rest] = [...this.#session(), ...this.#privileges(request), ...argv];
    return {
      argv: [first ?? argv[0], ...rest],
      leadsGroup: this.#has.setsid !== undefined,
      onSpawned: (pid) => this.#has.calls?.limit(pid, resourceLimits(request)),
    };
  }

  [Symbol.dispose](): void {
    this.#has.calls?.[Symbol.dispose]();
  }

  /** The child leads a session, and so a process group, of its own. */
  #session(): string[] {
    return this.#has.setsid === undefined ? [] : [this.#has.setsid];
  }

  /** Where asked for, the child opens IPv4 sockets only. */
  #privileges({ ipv4Only }: ConfinementRequest): string[] {
    const { setpriv, filterPath } = this.#has;
    if (setpriv === undefined) return [];
    return [
      setpriv,
      ...SETPRIV_OPTIONS,
      ...(ipv4Only && filterPath !== undefined ? ["--seccomp-filter", filterPath] : []),
    ];
  }
}

/**
 * The kernel's bounds stand a little behind the watch on the process, which tells more and cuts finer: CPU time is in whole
 * seconds here, and data counts what is reserved and not what is used.
 */
function resourceLimits({ limits, reservedDataBytes }: ConfinementRequest) {
  const cpuSeconds = Math.ceil(limits.cpuMs / 1000);
  const dataBytes = reservedDataBytes + 2 * limits.memoryMb * MEBIBYTE;
  const fileBytes = limits.diskMb * MEBIBYTE;
  return {
    cpuSeconds: [cpuSeconds, cpuSeconds + 1],
    dataBytes: [dataBytes, dataBytes],
    fileBytes: [fileBytes, fileBytes],
    descriptors: [MAX_DESCRIPTORS, MAX_DESCRIPTORS],
    coreBytes: [0, 0],
  } as const;
}

/** Where a launcher lies that can start a program with these options, or undefined. */
async function findLauncher(name: string, options: readonly string[]): Promise<string | undefined> {
  for (const directory of LAUNCHER_DIRECTORIES) {
    const path = join(directory, name);
    if (await succeeds([path, ...options, "/bin/true"])) return path;
  }
  return undefined;
}
