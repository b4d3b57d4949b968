import { BoundedOutput } from "../core/bytes/bounded_output.ts";
import { CodeBeakerError } from "../core/errors.ts";
import { onAbort } from "../concurrency/on_abort.ts";
import { spawnGroup } from "./spawn.ts";
import { signalGroup } from "./terminate.ts";

/** Directories of the system's tools. Tools that only root needs are in `sbin`. */
const TOOL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Most bytes of a failed tool's stderr that an error quotes. */
const MAX_QUOTED_BYTES = 2_000;

/** Longest time for a tool to clean up, in ms. */
const GRACE_MS = 10_000;

/** A trusted tool of the system: its command line, and its variables beside `PATH`. */
export interface ToolRequest {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the tool with SIGTERM and, when it goes on, with SIGKILL. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a trusted tool to its end. No process of it goes on when this returns.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` when the tool cannot be started (the cause says whether it is
 * installed), or failed, with its stderr
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
  using _ending = onAbort(signal, end);
  const said = new BoundedOutput(MAX_QUOTED_BYTES);
  const [status] = await Promise.all([
    child.status.finally(() => signalGroup(child.pid, "SIGKILL")),
    child.stdin.close().catch(() => {}), // The tool may be gone already, and reads nothing either way.
    child.stdout.pipeTo(new WritableStream()),
    child.stderr.pipeTo(new WritableStream({ write: (bytes) => said.push(bytes) })),
  ]);
  clearTimeout(deadline);
  signal?.throwIfAborted();
  if (status.success) return;
  const words = said.read().text.trim();
  throw new CodeBeakerError(
    "runtime_unavailable",
    `${file} failed (${status.signal ?? `exit code ${status.code}`})${words === "" ? "" : `: ${words}`}`,
  );
}

/** Whether an error of {@link runTool} means that there is no such tool. */
export function isMissingTool(error: unknown): boolean {
  return error instanceof CodeBeakerError && error.cause instanceof Deno.errors.NotFound;
}
