import { type Limits, MEBIBYTE } from "../../../core/limits.ts";
import { WORKSPACE_ROOT } from "../../../core/workspace_path.ts";
import type { ContainerBounds, ContainerRequest } from "../engine/engine_containers.ts";
import { toVariables } from "../engine/variables.ts";
import { DESCRIPTORS_BOUND, TERMINALS, tmpfsOf } from "./container_limits.ts";
import { seccompProfile } from "./seccomp_profile.ts";

/** A field of the API since 1.41 that the types lack. */
const PRIVATE_CGROUPS = { CgroupnsMode: "private" };

/** The properties in which containers differ. */
export interface HardeningRequest {
  readonly image: string;
  readonly argv: readonly string[];
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the container gets a file system for compilers. */
  readonly compiles: boolean;
  /** The container's bounds. Their memory includes the files of the workspace and of `/tmp`. */
  readonly bounds: ContainerBounds;
  /** Whether the Engine's kernel filters system calls. */
  readonly hasSeccomp: boolean;
  /** The OCI runtime; absent, the Engine's default. */
  readonly ociRuntime?: string;
  /** The Engine's network that programs may use; absent, none. */
  readonly network?: string;
}

/**
 * The Engine API's request for a hardened container. It states everything that stands between a program and the host.
 * From a client's JSON it takes only numbers and variables.
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
      SecurityOpt: ["no-new-privileges:true", ...(request.hasSeccomp ? [`seccomp=${seccompProfile()}`] : [])],
      ReadonlyRootfs: true,
      NetworkMode: request.network ?? "none",
      IpcMode: "none",
      ...PRIVATE_CGROUPS,
      OomScoreAdj: 500,
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: 1e9,
      PidsLimit: request.bounds.tasks,
      Tmpfs: tmpfsOf(request),
      // gVisor has terminals of its own.
      ...(request.ociRuntime === undefined ? { Mounts: [TERMINALS] } : {}),
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
