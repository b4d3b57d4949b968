import { CodeBeakerError, messageOf } from "../../../core/errors.ts";
import { compilerTimeout, type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { boundsOf } from "../container/container_limits.ts";
import { isEngineLost } from "../engine/engine_call.ts";
import { awaitReady, type Launch } from "./launch_phase.ts";
import type { Launcher } from "./launcher.ts";
import type { ProgramControl, ProgramParts } from "./program_control.ts";
import type { ProgramWatch } from "./program_watch.ts";
import type { Termination } from "./termination.ts";

const START_TIMEOUT_MS = 15_000;
/** The most output before the program begins: it is held in memory. */
const MAX_EARLY_BYTES = 8 * MEBIBYTE;

/** The parts of a program that its launch needs. */
export interface ProgramLaunchOptions extends Pick<ProgramParts, "compileMs" | "compiles" | "limits"> {
  readonly launcher: Launcher;
  readonly control: Pick<ProgramControl, "onCompiled">;
  readonly input: readonly Uint8Array[];
  readonly termination: Termination;
  readonly watch: ProgramWatch;
  write(parts: readonly Uint8Array[]): Promise<void>;
  /** Called when the launcher hangs and the Engine cannot kill it. */
  onEngineLost(): void;
}

/** Sends a launcher its input, and waits until the program may begin, or cannot. It does not reject. */
export async function launchProgram(options: ProgramLaunchOptions): Promise<Launch> {
  const { compileMs, compiles, control, input, launcher, limits, onEngineLost, termination, watch, write } = options;
  if (!compiles) watch.prepare({ isCompiled: false });
  let timer = setTimeout(
    () => termination.send("SIGKILL").then((isSent) => isSent || onEngineLost()),
    START_TIMEOUT_MS,
  );
  /** Starts the time of the compiler, which begins after the launcher's last report. */
  const awaitCompiler = () => {
    if (!compiles) return;
    const limitMs = compilerTimeout(compileMs);
    clearTimeout(timer);
    timer = setTimeout(() => termination.end({ kind: "timed_out", limitMs }, "kill"), limitMs);
  };
  write(input).catch(() => {}); // The launcher has ended, which the end of its output reports.
  let printedBytes = 0;
  const observer = {
    onLaunched: (pid: number) => {
      termination.setLauncher(pid);
      awaitCompiler();
    },
    onUnpacked: awaitCompiler,
    onOutput: (bytes: number) => {
      printedBytes += bytes;
      const limitBytes = Math.min(limits.maxTotalOutputBytes, MAX_EARLY_BYTES);
      if (printedBytes <= limitBytes) return;
      termination.end({ kind: "output_limit", limitBytes, observedBytes: printedBytes }, "kill");
    },
    onCompiled: async () => {
      await control.onCompiled().catch((error: unknown) => {
        if (isEngineLost(error)) throw error;
        // A process of the compiler holds more memory than the program may have.
        termination.end({ kind: "memory_limit", limitMb: limits.memoryMb, observedMb: limits.memoryMb }, "kill");
      });
      watch.prepare({ isCompiled: true });
      await write([new TextEncoder().encode("go\n")]);
    },
  };
  try {
    const { memoryMb } = boundsOf(limits, { compiling: compiles });
    return await awaitReady(launcher.items, { limits: { ...limits, memoryMb }, compiles, observer });
  } catch (error) {
    return { kind: "ended", output: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a program that did not begin, and whose end no cause explains. */
export function launchError(launch: Launch, { diskMb }: Pick<Limits, "diskMb">): CodeBeakerError {
  if (launch.kind === "not_unpacked") {
    return new CodeBeakerError("too_large", `Cannot run the program as its files are more than ${diskMb} MB`);
  }
  const reason = launch.kind === "ended" && launch.output !== ""
    ? launch.output
    : "the container ended before the program could begin";
  return new CodeBeakerError("runtime_unavailable", `Cannot start the program: ${reason}`);
}
