import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { spawnGroup } from "./spawn.ts";
import { signalGroup } from "./terminate.ts";

/** Where tools of the system are; those that only root needs are in `sbin`. */
const TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Most bytes of a failed tool's stderr that an error quotes. */
const MAX_SAID_BYTES = 2_000;

/** How long a tool may take to put away what it began, in ms. */
const GRACE_MS = 10_000;

/** A trusted tool of the system: what to run, and with which variables beside `PATH`. */
export interface ToolRequest {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the tool with SIGTERM and, when it goes on, with SIGKILL. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a trusted tool to its end; nothing of it goes on when this returns.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when it cannot be started (its cause says whether it is installed), or
 *   failed, with what it said on stderr
 * @throws the signal's reason when it was aborted
 */
export async function runTool({ argv, env = {}, signal }: ToolRequest): Promise<void> {
  signal?.throwIfAborted();
  const [file] = argv;
  const child = spawnGroup({
    argv,
    cwd: "/",
    env: { PATH: TOOL_PATH, ...env },
    leadsGroup: false,
    onSpawned: () => {},
  });
  let deadline: ReturnType<typeof setTimeout> | undefined;
  const end = () => {
    signalGroup(child.pid, "SIGTERM");
    deadline = setTimeout(() => signalGroup(child.pid, "SIGKILL"), GRACE_MS);
  };
  signal?.addEventListener("abort", end);
  const said = new BoundedOutput(MAX_SAID_BYTES);
  const [status] = await Promise.all([
    child.status.finally(() => signalGroup(child.pid, "SIGKILL")),
    child.stdin.close().catch(() => {}), // It may be gone already, and reads nothing either way.
    child.stdout.pipeTo(new WritableStream()),
    child.stderr.pipeTo(new WritableStream({ write: (bytes) => said.push(bytes) })),
  ]);
  signal?.removeEventListener("abort", end);
  clearTimeout(deadline);
  signal?.throwIfAborted();
  if (status.success) return;
  const words = said.read().text.trim();
  throw new CodeBeakerError(
    "runtime_unavailable",
    `${file} failed (${status.signal ?? `exit code ${status.code}`})${words === "" ? "" : `: ${words}`}`,
  );
}

/** Whether an error of {@link runTool} is that there is no such tool. */
export function isMissingTool(error: unknown): boolean {
  return error instanceof CodeBeakerError && error.cause instanceof Deno.errors.NotFound;
}
