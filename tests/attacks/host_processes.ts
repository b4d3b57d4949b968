/** A process carries its parent's environment until it executes its own program. */
const LOOKS_UNTIL_KNOWN = 6;
const LOOK_MS = 40;

/** The most that was seen at any look. */
export interface Peak {
  readonly memoryMb: number;
  readonly processes: number;
  /** In files that are open and deleted. */
  readonly unlinkedMb: number;
}

/** Processes by their numbers. */
export type Pids = ReadonlySet<number>;

/** Everything that runs on this machine. */
export function runningPids(): Pids {
  return new Set([...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => !Number.isNaN(pid)));
}

/** The processes that have come since, and carry a token in their environment or command line or are a user's. */
export function processesSince(
  before: Pids,
  { token, uid }: { readonly token: string; readonly uid: number | undefined },
): number[] {
  const ofUser = uid === undefined ? undefined : new RegExp(`^Uid:\\s+${uid}\\s`, "m");
  return [...runningPids().difference(before)].filter((pid) =>
    carries(pid, token) || (ofUser?.test(read(`/proc/${pid}/status`)) ?? false)
  );
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  return /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));
}

/** Looks at the processes that come and carry a token, from outside, until it is disposed of. */
export class HostWatch implements Disposable {
  readonly #token: string;
  readonly #before: Pids;
  readonly #looks = new Map<number, number>();
  readonly #own = new Set<number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #peak: Peak = { memoryMb: 0, processes: 0, unlinkedMb: 0 };

  /** @param before what ran before the attack, which is not looked at */
  constructor(token: string, before: Pids) {
    this.#token = token;
    this.#before = before;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get peak(): Peak {
    return this.#peak;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const members = [...runningPids().difference(this.#before)].filter((pid) => this.#isOwn(pid));
    this.#peak = {
      memoryMb: Math.max(this.#peak.memoryMb, members.reduce((sum, pid) => sum + memoryMbOf(pid), 0)),
      processes: Math.max(this.#peak.processes, members.length),
      unlinkedMb: Math.max(this.#peak.unlinkedMb, members.reduce((sum, pid) => sum + unlinkedMbOf(pid), 0)),
    };
  }

  #isOwn(pid: number): boolean {
    const looks = this.#looks.get(pid) ?? 0;
    if (this.#own.has(pid) || looks > LOOKS_UNTIL_KNOWN) return this.#own.has(pid);
    this.#looks.set(pid, looks + 1);
    if (carries(pid, this.#token)) this.#own.add(pid);
    return this.#own.has(pid);
  }
}

function carries(pid: number, token: string): boolean {
  return pid !== Deno.pid &&
    (read(`/proc/${pid}/environ`).includes(token) || read(`/proc/${pid}/cmdline`).includes(token));
}

/** What is no file's, memory that is shared included. */
function memoryMbOf(pid: number): number {
  const kilobytes = read(`/proc/${pid}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
  return [...kilobytes].reduce((sum, [, value]) => sum + Number(value), 0) / 1024;
}

function unlinkedMbOf(pid: number): number {
  let bytes = 0;
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const path = `/proc/${pid}/fd/${name}`;
      if (Deno.readLinkSync(path).endsWith(" (deleted)")) bytes += (Deno.statSync(path).blocks ?? 0) * 512;
    }
  } catch {
    // It is gone, or has closed it.
  }
  return bytes / 1_048_576;
}

/** What is gone, or may not be looked into, is empty. */
function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
