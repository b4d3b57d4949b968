import { join } from "@std/path";
import { settledWithin } from "../../concurrency/delay.ts";
import { GO, READY } from "../../core/child_protocol.ts";
import type { Outcome } from "../../core/execution.ts";
import type { DenialRecord } from "../../core/denials/denial_report.ts";
import type { Limits } from "../../core/limits.ts";
import type { ChildProcesses } from "../../process/child_processes.ts";
import { memoryLimit } from "../../process/ending.ts";
import { type ChildRequest, type ReadyChild, startChild } from "../../process/run_child.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { MAX_DESCRIPTORS } from "../../sandbox/confinement.ts";
import { type Mount, mountInPlace } from "../../sandbox/mount.ts";
import type { RuntimeHost } from "../port.ts";
import type { WarmMember } from "../warm/warm_member.ts";
import { ChildStderr } from "./child_stderr.ts";
import { DenialCollector } from "./denial_collector.ts";
import type { Launch, LaunchSite } from "./launch.ts";
import type { ProcessSpec } from "./spec.ts";

const READY_SIGNAL = { marker: new TextEncoder().encode(READY), timeoutMs: 10_000 };
const GO_BYTES = new TextEncoder().encode(GO);

/** How long reading stderr to its end may take, in ms. A client may read the output slowly. */
const LAST_WORDS_MS = 250;

/** The place in which the processes of an environment are started. */
export interface ProcessSite extends LaunchSite {
  readonly spec: ProcessSpec;
  readonly host: RuntimeHost;
  readonly directory: ConfinedDirectory;
  /** Paths of the host, and the texts that a client sees instead. */
  readonly shownPaths: Readonly<Record<string, string>>;
}

/** A request to start a process. */
export interface ProcessRequest {
  readonly launch: Launch;
  /** Mounts beside those of the launch and those of the permissions. */
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
  /** Which part of a compiled program the process is; absent, all of the program. */
  readonly part?: "compiler" | "compiled";
}

/** A confined process whose program has not begun. */
export interface ConfinedProcess extends WarmMember {
  readonly child: ReadyChild;
  /** The denials of the program so far; absent where denials are not reported. */
  denials?(): readonly DenialRecord[];
  /** Forgets the denials so far, so that {@link denials} has only later ones. */
  forgetDenials?(): void;
}

/** The key of requests that make the same process. Orders and the limits on time and output do not count. */
export function keyOf({ launch: { orders: _, ...launch }, limits, mounts }: ProcessRequest): string {
  const { cpuMs, diskMb, maxProcesses, memoryMb } = limits;
  return JSON.stringify([launch, mounts, [cpuMs, diskMb, maxProcesses, memoryMb]]);
}

/** Starts a confined process. @throws {CodeBeakerError} `runtime_unavailable` */
export async function startProcess(
  site: ProcessSite,
  request: ProcessRequest,
  options: { readonly goesOn: boolean; readonly isContext?: boolean; readonly signal?: AbortSignal | undefined },
): Promise<ConfinedProcess> {
  const { directory, host: { confinement }, permissions, shownPaths, spec } = site;
  const { launch, limits, mounts } = request;
  const { overheadMb = 0 } = spec;
  const bounds = { ...limits, memoryMb: limits.memoryMb + overheadMb };
  const { isCommand = false, variables } = launch;
  const context = { permissions, variables: Object.keys(variables), shownPaths, isCommand };
  const denials = spec.denials && new DenialCollector(spec.denials, context);
  const stderr = new ChildStderr({ shownTexts: shownPaths, memoryEndings: spec.memoryEndings, denials });
  const waiting = options.goesOn ? undefined : launch.waiting;
  directory.reopen(site.mounts.workspace.source); // In a closed workspace no program starts.
  const confined = confinement.confine({
    ...launch,
    argv: waiting?.argv ?? launch.argv,
    cwd: join(site.mounts.workspace.target, launch.workingDirectory),
    mounts: [
      ...permissions.allowRead.map((path) => mountInPlace(path, "read")),
      ...permissions.allowWrite.map((path) => mountInPlace(path, "write")),
      ...mounts,
      ...launch.mounts,
    ],
    directory,
    limits: bounds,
    reservedDataBytes: spec.reservedDataBytes,
    variables: { ...launch.variables, ...launch.ownVariables, ...waiting?.variables },
  });
  const started = await startChild({
    ...confined,
    async statusOf(status) {
      if (status.success) return status;
      await settledWithin(stderr.ended, LAST_WORDS_MS);
      return stderr.exitsByItself ? status : confined.statusOf(status);
    },
    limits: bounds,
    maxDescriptors: MAX_DESCRIPTORS,
    restsBetweenWork: options.isContext === true && confined.processes.isBounded,
    disk: diskOf(directory, confined.processes),
    ready: (waiting?.handshake ?? launch.handshake) === "ready" ? READY_SIGNAL : { ...READY_SIGNAL, go: GO_BYTES },
    stderrFilter: stderr,
    explain: (status, usage): Outcome | undefined =>
      stderr.isOutOfMemory(status) ? memoryLimit(usage, limits) : undefined,
  }, options);
  const child = overheadMb === 0 ? started : withoutOverhead(started, { overheadMb, limits });
  return {
    child,
    get isAlive() {
      return child.isAlive;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    ...(denials && { denials: () => denials.denials, forgetDenials: () => denials.forget() }),
  };
}

/** A child that reports its memory limit without the memory that its binary takes. */
function withoutOverhead(
  child: ReadyChild,
  { limits: { memoryMb: limitMb }, overheadMb }: { readonly limits: Limits; readonly overheadMb: number },
): ReadyChild {
  return {
    get isAlive() {
      return child.isAlive;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    begin(options) {
      const begun = child.begin(options);
      const outcome = begun.outcome.then((ended): Outcome =>
        ended.kind === "memory_limit"
          ? { ...ended, limitMb, observedMb: Math.max(ended.observedMb - overheadMb, limitMb) }
          : ended
      );
      return { ...begun, outcome };
    },
  };
}

/** The watch on the files of all programs of the environment. */
function diskOf(directory: ConfinedDirectory, processes: ChildProcesses): NonNullable<ChildRequest["disk"]> {
  const { isBounded } = directory;
  return {
    bounds: () => directory.programBounds,
    measure: async () => {
      const { bytes, files } = await directory.usage({ most: directory.programBounds });
      return { bytes: isBounded ? bytes : bytes + processes.unlinkedBytes(), files };
    },
  };
}
