import { CodeBeakerError, messageOf } from "../core/errors.ts";
import { signalGroup } from "./terminate.ts";

/** How long a helper may take, in ms. */
const HELPER_MS = 10_000;

/** What to start: a file and its arguments, with exactly the given environment. */
export interface SpawnRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * Whether the command line itself begins by leading a session (setsid(1)), and so a process group. Else the spawn has to,
   * by a fork(2) whose time grows with the memory of this service (0.6 ms at 70 MB, 1.8 ms at 170 MB, against 0.2 ms).
   */
  readonly leadsGroup: boolean;
  /** Is called with the new process before it can have done anything; when it throws, the process is killed. */
  onSpawned(pid: number): void;
}

/**
 * Starts a child as the leader of its own process group, all three streams piped, nothing inherited.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where the binary is missing or this platform starts no processes
 */
export function spawnGroup(request: SpawnRequest): Deno.ChildProcess {
  const [file, ...args] = request.argv;
  const child = start(file, args, request);
  try {
    request.onSpawned(child.pid);
  } catch (cause) {
    child.kill("SIGKILL");
    Promise.all([child.status, child.stdin.abort(), child.stdout.cancel(), child.stderr.cancel()]).catch(() => {}); // It is going.
    throw new CodeBeakerError("runtime_unavailable", `Cannot confine ${file}: ${messageOf(cause)}`, { cause });
  }
  return child;
}

/** Whether a trusted helper can be started here and exits with 0, within some seconds. */
export async function succeeds(argv: readonly [string, ...string[]]): Promise<boolean> {
  try {
    const child = spawnGroup({ argv, cwd: "/", env: {}, leadsGroup: false, onSpawned: () => {} });
    const deadline = setTimeout(() => signalGroup(child.pid, "SIGKILL"), HELPER_MS);
    const [status] = await Promise.all([
      child.status.finally(() => clearTimeout(deadline)),
      child.stdin.close(),
      child.stdout.cancel(),
      child.stderr.cancel(),
    ]);
    return status.success;
  } catch {
    return false; // Not there, or not allowed to be: it is of no use either way.
  }
}

function start(file: string, args: string[], request: SpawnRequest): Deno.ChildProcess {
  try {
    return new Deno.Command(file, {
      args,
      cwd: request.cwd,
      env: { ...request.env },
      clearEnv: true,
      detached: !request.leadsGroup,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot start ${file}: ${messageOf(cause)}`, { cause });
  }
}
