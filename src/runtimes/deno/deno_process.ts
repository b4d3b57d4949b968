import { join } from "@std/path";
import { GO, READY } from "../../core/child_protocol.ts";
import type { Outcome } from "../../core/execution.ts";
import type { Limits } from "../../core/limits.ts";
import type { PermissionSettings } from "../../core/permissions/permissions.ts";
import type { DenialRecord } from "../../core/denials/denial_report.ts";
import type { ChildProcesses } from "../../process/child_processes.ts";
import type { ConfinedDirectory } from "../../sandbox/confined_directory.ts";
import { MAX_DESCRIPTORS } from "../../sandbox/confinement.ts";
import { settledWithin } from "../../concurrency/delay.ts";
import { memoryLimit } from "../../process/ending.ts";
import type { Mount } from "../../sandbox/mount.ts";
import { type ChildRequest, type ReadyChild, startChild } from "../../process/run_child.ts";
import type { WarmMember } from "../warm/warm_member.ts";
import type { DenoInstallation } from "./installation.ts";
import type { Launch } from "./launch.ts";
import { grantedAt, type Places } from "./places.ts";
import { readDenial } from "./read_refusal.ts";
import { DenialReader } from "./refusal_reader.ts";
import { StderrFilter } from "./stderr_filter.ts";

/** What tells that a program may begin, and lets one begin. */
const READY_SIGNAL = { marker: new TextEncoder().encode(READY), timeoutMs: 10_000 };
const GO_BYTES = new TextEncoder().encode(GO);
/** What Deno exits with when a program did not catch an exception. */
const UNCAUGHT = 1;

/** The service's own variables that a program may read, beside those of its request. */
export const READABLE: readonly string[] = ["TMPDIR"];

/** How long it may take to read what a program said at its end, in ms: who streams its output may be slow. */
const LAST_WORDS_MS = 250;

/** Workers that a program may have. */
const MAX_WORKERS = 4;
/**
 * What V8 reserves as data before it has done anything: for itself, and again for each Worker. Measured with
 * RLIMIT_DATA and Deno 2.9.6: 540 MB did not start it and 600 did; four Workers took 2,900 MB.
 */
export const RESERVED_BYTES = 600e6 + MAX_WORKERS * 575e6;

/** Where a process works, and by what its denials are judged. */
export interface ProcessPlace {
  readonly installation: DenoInstallation;
  readonly permissions: PermissionSettings;
  readonly directory: ConfinedDirectory;
  readonly places: Places;
  /** Paths of the host that Deno's own messages hold, and what a client sees in their place. */
  readonly shownPaths: Readonly<Record<string, string>>;
}

/** What one process is started with. */
export interface ProcessRequest {
  readonly launch: Launch;
  /** What it sees beside what its launch names and its permissions grant. */
  readonly mounts: readonly Mount[];
  readonly limits: Limits;
}

/** A confined process that is ready, or that goes on to its program at once. */
export interface DenoProcess extends WarmMember {
  readonly child: ReadyChild;
  /** What its program was refused so far. */
  denials(): readonly DenialRecord[];
  /** From now on only what comes then is told. */
  forgetDenials(): void;
}

/** Tells a process from those that are not the same; how long a program may take or print is no part of it. */
export function keyOf({ launch, limits, mounts }: ProcessRequest): string {
  const { cpuMs, diskMb, maxProcesses, memoryMb } = limits;
  return JSON.stringify([launch, mounts, [cpuMs, diskMb, maxProcesses, memoryMb]]);
}

/** Starts a confined process. @throws {CodeBeakerError} `runtime_unavailable` */
export async function startProcess(
  place: ProcessPlace,
  request: ProcessRequest,
  options: { readonly goesOn: boolean; readonly signal?: AbortSignal | undefined },
): Promise<DenoProcess> {
  const { directory, installation: { confinement }, permissions: { allowRead, allowWrite }, places } = place;
  const { launch, limits, mounts } = request;
  const filter = new StderrFilter(place.shownPaths);
  const denials = readDenials(filter, { place, launch });
  const confined = confinement.confine({
    ...launch,
    cwd: join(places.workspace.target, launch.workingDirectory),
    mounts: [
      ...allowRead.map((path) => grantedAt(path, "read")),
      ...allowWrite.map((path) => grantedAt(path, "write")),
      ...mounts,
      ...launch.mounts.map((name) => places[name]),
    ],
    directory,
    limits,
    reservedDataBytes: RESERVED_BYTES,
    variables: { ...launch.variables, ...launch.ownVariables },
  });
  const child = await startChild({
    ...confined,
    async statusOf(status) {
      if (status.success) return status;
      await settledWithin(filter.ended, LAST_WORDS_MS);
      return filter.sawExit ? status : confined.statusOf(status);
    },
    limits,
    maxDescriptors: MAX_DESCRIPTORS,
    disk: diskOf(directory, confined.processes),
    ready: launch.waits ? { ...READY_SIGNAL, go: GO_BYTES } : READY_SIGNAL,
    stderrFilter: denials,
    explain: (status, usage): Outcome | undefined =>
      ranOutOfMemory(status, filter) ? memoryLimit(usage, limits) : undefined,
  }, options);
  return {
    child,
    get isAlive() {
      return child.isAlive;
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    denials: () => denials.denials,
    forgetDenials: () => denials.forget(),
  };
}

/** Takes what start.js tells out of what a program prints on stderr. */
function readDenials(
  next: StderrFilter,
  { launch, place: { installation, permissions, shownPaths } }: {
    readonly place: ProcessPlace;
    readonly launch: Launch;
  },
): DenialReader {
  const variables = [...Object.keys(launch.variables), ...READABLE];
  const settings = { ...installation, permissions, variables, shownPaths };
  return new DenialReader(next, (told) => readDenial(told, settings));
}

/** What may lie in the environment's directory, whichever of its programs left it there. */
function diskOf(directory: ConfinedDirectory, processes: ChildProcesses): NonNullable<ChildRequest["disk"]> {
  const { bounds, isBounded } = directory;
  return {
    bounds,
    measure: async () => {
      const { bytes, files } = await directory.usage();
      return { bytes: isBounded ? bytes : bytes + processes.unlinkedBytes(), files };
    },
  };
}

/**
 * V8 and the allocator abort a process that is out of memory; one that asks for more than it may reserve gets an
 * exception.
 */
function ranOutOfMemory({ code, signal }: Deno.CommandStatus, filter: StderrFilter): boolean {
  if (signal === null) return filter.sawRefusedMemory && code === UNCAUGHT;
  return filter.sawOutOfMemory && (signal === "SIGTRAP" || signal === "SIGABRT");
}
