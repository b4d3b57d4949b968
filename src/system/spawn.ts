import { CodeBeakerError, messageOf } from "../core/errors.ts";

/** What to start: a file and its arguments, with exactly the given environment. */
export interface SpawnRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts a child as the leader of its own process group, all three streams piped, nothing inherited.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` where the binary is missing or this platform starts no processes
 */
export function spawnGroup(request: SpawnRequest): Deno.ChildProcess {
  const [file, ...args] = request.argv;
  try {
    return new Deno.Command(file, {
      args,
      cwd: request.cwd,
      env: { ...request.env },
      clearEnv: true,
      detached: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new CodeBeakerError("runtime_unavailable", `Cannot start ${file}: ${messageOf(cause)}`, { cause });
  }
}

/** Whether a trusted helper can be started here and exits with 0. */
export async function succeeds(request: SpawnRequest): Promise<boolean> {
  try {
    const child = spawnGroup(request);
    const [status] = await Promise.all([
      child.status,
      child.stdin.close(),
      child.stdout.cancel(),
      child.stderr.cancel(),
    ]);
    return status.success;
  } catch {
    return false; // Not there, or not allowed to be: it is of no use either way.
  }
}
