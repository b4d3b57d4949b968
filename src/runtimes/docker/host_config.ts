import type { Limits } from "../../core/limits.ts";
import { MEBIBYTE } from "../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../core/workspace_path.ts";
import type { ContainerBounds, ContainerRequest } from "./engine_client.ts";
import { toVariables } from "./engine_call.ts";
import { BUILD_DIRECTORY } from "./environments.ts";

/** Whom programs, and the service's own operations on their files, run as: nobody, with no privilege. */
export const PROGRAM_USER = "65534:65534";

/**
 * Whom the main process of a lasting container runs as: another nobody, so that a program can neither signal nor read it,
 * and a signal to every process of {@link PROGRAM_USER} spares it.
 */
export const KEEPER_USER = "65533:65533";

/** Tasks that a program does not count: the init, the launcher, the threads that an interpreter starts for itself. */
const OWN_TASKS = 24;

const TEMPORARY_MB = 64;
const BUILD_MB = 384;
/** What a compiler may use, in a container whose programs get less. */
const COMPILER_BOUNDS: ContainerBounds = { memoryMb: 1_024, tasks: 128 };
const MAX_DESCRIPTORS = 1_024;
const INODES_PER_MB = 256;
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

/** Everything that stands between a program and the host. Nothing of a client's JSON gets here but numbers and variables. */
export function containerRequest(request: HardeningRequest): ContainerRequest {
  const { limits } = request;
  const memory = request.bounds.memoryMb * MEBIBYTE;
  const fileBytes = Math.max(limits.diskMb, request.compiles ? BUILD_MB : 0) * MEBIBYTE;
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
        { Name: "nofile", Soft: MAX_DESCRIPTORS, Hard: MAX_DESCRIPTORS },
        { Name: "fsize", Soft: fileBytes, Hard: fileBytes },
        { Name: "core", Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: "none", Config: {} },
      RestartPolicy: { Name: "no" },
      ...(request.ociRuntime === undefined ? {} : { Runtime: request.ociRuntime }),
    },
  };
}

function tmpfs({ limits, compiles }: HardeningRequest): Record<string, string> {
  const place = (sizeMb: number, options: string) =>
    `rw,nosuid,nodev,${options},size=${sizeMb}m,nr_inodes=${sizeMb * INODES_PER_MB}`;
  const [uid, gid] = PROGRAM_USER.split(":");
  return {
    [WORKSPACE_ROOT]: place(limits.diskMb, `exec,mode=0700,uid=${uid},gid=${gid}`),
    "/tmp": place(TEMPORARY_MB, "noexec,mode=1777"),
    ...(compiles ? { [BUILD_DIRECTORY]: place(BUILD_MB, `exec,mode=0700,uid=${uid},gid=${gid}`) } : {}),
  };
}
