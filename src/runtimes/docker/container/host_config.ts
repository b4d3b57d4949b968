import { filesFor, type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import { toVariables } from "../engine/variables.ts";
import { BUILD_DIRECTORY } from "../images/environments.ts";
import type { ContainerBounds, ContainerRequest } from "../engine/engine_containers.ts";

/** The number of {@link PROGRAM_USER}. */
export const PROGRAM_UID = 65_534;
/** Whom programs, and the service's own operations on their files, run as: nobody, with no privilege. */
export const PROGRAM_USER = `${PROGRAM_UID}:${PROGRAM_UID}`;

/** The number of {@link KEEPER_USER}. */
export const KEEPER_UID = 65_533;
/**
 * Whom the main process of a lasting container runs as: another nobody, so that a program can neither signal nor read
 * it, and a signal to every process of {@link PROGRAM_USER} spares it.
 */
export const KEEPER_USER = `${KEEPER_UID}:${KEEPER_UID}`;

/** Tasks that a program does not count: the init, the launcher, the threads that an interpreter starts for itself. */
const OWN_TASKS = 24;
/** Processes: the init and the launcher; where a container lasts the keeper and a few that are on their way out, too. */
export const OWN_PROCESSES = { alone: 2, lasting: 6 };

const TEMPORARY_MB = 64;
const BUILD_MB = 384;
/** What a compiler may use, in a container whose programs get less. */
const COMPILER_BOUNDS: ContainerBounds = { memoryMb: 1_024, tasks: 128 };
/** How far the kernel's bounds on files stand behind the limits: what is passed can be told from what is reached. */
const MARGIN_MB = 5;
/**
 * Descriptors that a process may have open, and the kernel's bound, which a program meets only before anybody has
 * looked.
 */
export const MAX_DESCRIPTORS = 1_024;
const DESCRIPTORS_BOUND = 4_096;
/** The API has it since 1.41; the types do not. */
const PRIVATE_CGROUPS = { CgroupnsMode: "private" };

/** What a container of one environment is made from. */
export interface HardeningRequest {
  readonly image: string;
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether programs are compiled, which takes a place for what comes out. */
  readonly compiles: boolean;
  /** The memory counts what lies in the workspace and `/tmp` too. */
  readonly bounds: ContainerBounds;
  /** The OCI runtime, where it is not the Engine's default. */
  readonly ociRuntime?: string;
  /** The Engine's network, where programs may reach one. */
  readonly network?: string;
}

/** What a container may use while its programs run, or while a compiler does. */
export function boundsOf(limits: Limits, { compiling }: { readonly compiling: boolean }): ContainerBounds {
  const tasks = limits.maxProcesses + OWN_TASKS;
  if (!compiling) return { memoryMb: limits.memoryMb, tasks };
  return {
    memoryMb: Math.max(limits.memoryMb, COMPILER_BOUNDS.memoryMb),
    tasks: Math.max(tasks, COMPILER_BOUNDS.tasks),
  };
}

/**
 * Everything that stands between a program and the host. Nothing of a client's JSON gets here but numbers and
 * variables.
 */
export function containerRequest(request: HardeningRequest): ContainerRequest {
  const memory = request.bounds.memoryMb * MEBIBYTE;
  return {
    Image: request.image,
    Entrypoint: [],
    Cmd: [...request.argv],
    User: request.user,
    Env: toVariables(request.env),
    WorkingDir: WORKSPACE_ROOT,
    Labels: { ...request.labels },
    Hostname: "codebeaker",
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      Init: true,
      Privileged: false,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true"],
      ReadonlyRootfs: true,
      NetworkMode: request.network ?? "none",
      IpcMode: "none",
      ...PRIVATE_CGROUPS,
      OomScoreAdj: 500,
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: 1e9,
      PidsLimit: request.bounds.tasks,
      Tmpfs: tmpfs(request),
      Ulimits: [
        { Name: "nofile", Soft: DESCRIPTORS_BOUND, Hard: DESCRIPTORS_BOUND },
        { Name: "core", Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: "none", Config: {} },
      RestartPolicy: { Name: "no" },
      ...(request.ociRuntime === undefined ? {} : { Runtime: request.ociRuntime }),
    },
  };
}

/** Memory in MB that what lies in a container may take while nothing runs in it. */
export function idleMemoryMb({ diskMb, memoryMb }: Limits): number {
  return Math.min(diskMb + Math.min(TEMPORARY_MB, diskMb), memoryMb);
}

/** Files of every size may be written, as far as there is room: one that is mostly holes takes little. */
function tmpfs({ limits, compiles }: HardeningRequest): Record<string, string> {
  const place = (sizeMb: number, options: string) =>
    `rw,nosuid,nodev,${options},size=${sizeMb + MARGIN_MB}m,nr_inodes=${filesFor(sizeMb + MARGIN_MB)}`;
  return {
    [WORKSPACE_ROOT]: place(limits.diskMb, `exec,mode=0700,uid=${PROGRAM_UID},gid=${PROGRAM_UID}`),
    "/tmp": place(Math.min(TEMPORARY_MB, limits.diskMb), "noexec,mode=1777"),
    ...(compiles ? { [BUILD_DIRECTORY]: place(BUILD_MB, `exec,mode=0700,uid=${PROGRAM_UID},gid=${PROGRAM_UID}`) } : {}),
  };
}
