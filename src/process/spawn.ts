import { CodeBeakerError, messageOf } from "../core/errors.ts";
import type { InheritedFile } from "../host/system_calls.ts";
import { signalGroup } from "./terminate.ts";

/** Longest run of a helper, in ms. */
const HELPER_MS = 10_000;

/** A file that a child inherits beside its three streams. */
export interface Inheritance {
  /** The word of the command line that becomes the number of the descriptor. */
  readonly word: number;
  open(): InheritedFile;
}

/** A process to start: a file and its arguments, with exactly the given environment. */
export interface SpawnRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly inherited?: Inheritance | undefined;
  /**
   * Whether the command line itself begins by leading a session (setsid(1)), so a process group. Else the spawn has to,
   * by a fork(2) whose time grows with the memory of this service (0.6 ms at 70 MB, 1.8 ms at 170 MB, against 0.2 ms).
   * By it a helper at the service's start takes 7 ms in all, and else 2 ms.
   */
  readonly leadsGroup: boolean;
  /** Runs the start of the process among the mounts that it sees. Absent, it sees those of this service. */
  within?: (<Started>(start: () => Started) => Started) | undefined;
  /**
   * Takes a spare process that becomes this command line; undefined where none waits. Absent, a process is always
   * started.
   */
  takeSpare?(): SpareProcess | undefined;
  /** Called with the new process before it can have done anything. When this throws, the process is killed. */
  onSpawned(pid: number): void;
  /** Called when the process has ended. */
  onEnded?(): void;
  /** Called after a failed start. By then the process, if there was one, has ended. */
  onFailed?(): void;
}

/** A process that was started before its command line was known. It fits a {@link SpawnRequest}. */
export interface SpareProcess {
  readonly process: Deno.ChildProcess;
  /** Sends the process its command line. */
  become(): void;
}

/**
 * Starts a child as the leader of its own process group. All three streams are piped, and nothing is inherited.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where the binary is missing or this platform starts no processes
 */
export function spawnGroup(request: SpawnRequest): Deno.ChildProcess {
  const [file] = request.argv;
  const { child, spare } = takeOrStart(request);
  if (request.onEnded !== undefined) child.status.then(request.onEnded);
  try {
    request.onSpawned(child.pid);
    spare?.become();
  } catch (cause) {
    child.kill("SIGKILL");
    child.status.then(() => request.onFailed?.());
    Promise.all([child.stdin.abort(), child.stdout.cancel(), child.stderr.cancel()]).catch(() => {}); // The process is ending.
    throw new CodeBeakerError("runtime_unavailable", `Cannot confine ${file}: ${messageOf(cause)}`, { cause });
  }
  return child;
}

/** How a trusted helper is started. */
export interface HelperOptions extends Pick<SpawnRequest, "inherited" | "within"> {
  /** setsid(1), by which the helper leads its group; absent, the spawn itself has to. */
  readonly setsid?: string | undefined;
}

/** Starts a trusted helper, as {@link spawnGroup} does. */
export function spawnHelper(
  argv: readonly [string, ...string[]],
  { inherited, setsid, within }: HelperOptions = {},
): Deno.ChildProcess {
  const common = { cwd: "/", env: {}, within, onSpawned: () => {} };
  if (setsid === undefined) return spawnGroup({ ...common, argv, inherited, leadsGroup: false });
  const behind = inherited && { ...inherited, word: inherited.word + 1 };
  return spawnGroup({ ...common, argv: [setsid, ...argv], inherited: behind, leadsGroup: true });
}

/** Whether a trusted helper starts here and exits with 0, within {@link HELPER_MS}. */
export async function succeeds(argv: readonly [string, ...string[]], options: HelperOptions = {}): Promise<boolean> {
  try {
    const child = spawnHelper(argv, options);
    const deadline = setTimeout(() => signalGroup(child.pid, "SIGKILL"), HELPER_MS);
    const [status] = await Promise.all([
      child.status.finally(() => clearTimeout(deadline)),
      child.stdin.close(),
      child.stdout.cancel(),
      child.stderr.cancel(),
    ]);
    return status.success;
  } catch {
    return false; // The helper is missing or may not start: it is of no use either way.
  }
}

function takeOrStart(request: SpawnRequest): { readonly child: Deno.ChildProcess; readonly spare?: SpareProcess } {
  try {
    const spare = request.takeSpare?.();
    return spare === undefined ? { child: start(request) } : { child: spare.process, spare };
  } catch (cause) {
    request.onFailed?.();
    throw cause;
  }
}

/** Starts a process. Nothing may be awaited in here: another child would inherit the file. */
function start({ inherited, within = (start) => start(), ...request }: SpawnRequest): Deno.ChildProcess {
  const [file] = request.argv;
  try {
    using opened = inherited?.open();
    const args = request.argv.map((word, index) => index === inherited?.word ? String(opened?.descriptor) : word).slice(
      1,
    );
    const command = new Deno.Command(file, {
      args,
      cwd: request.cwd,
      env: { ...request.env },
      clearEnv: true,
      detached: !request.leadsGroup,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    return within(() => command.spawn());
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot start ${file}: ${messageOf(cause)}`, { cause });
  }
}
