import { engineError } from "./engine_call.ts";

/** The part of the Engine's description of itself that the service uses. */
export interface EngineInfo {
  readonly version: string;
  /** The version of the kernel that the Engine runs on. */
  readonly kernel: string;
  /** The OCI runtime of containers that name none. */
  readonly defaultRuntime: string;
  /** The names of the registered OCI runtimes, with the arguments of each. */
  readonly runtimes: Readonly<Record<string, readonly string[]>>;
  readonly hasSeccomp: boolean;
  /** Whether root in a container has no privileges on the host. */
  readonly mapsUsers: boolean;
  /** The version of the kernel's interface for control groups: 1 or 2. */
  readonly cgroupVersion: string;
  readonly limitsMemory: boolean;
  readonly limitsProcesses: boolean;
}

/**
 * Reads the answer to `GET /info`.
 *
 * @throws {CodeBeakerError} `runtime_unavailable` for an Engine that does not run Linux containers
 */
export function readInfo(info: Readonly<Record<string, unknown>>): EngineInfo {
  if (info["OSType"] !== "linux") throw engineError("run Linux containers", `it runs ${info["OSType"]} containers`);
  const runtimes = Object.entries((info["Runtimes"] ?? {}) as Record<string, { runtimeArgs?: string[] }>);
  const security = (info["SecurityOptions"] ?? []) as string[];
  const isOn = (name: string) =>
    security.some((option) => option.startsWith(`name=${name}`) && !option.includes("profile=unconfined"));
  return {
    version: String(info["ServerVersion"] ?? ""),
    kernel: String(info["KernelVersion"] ?? ""),
    defaultRuntime: String(info["DefaultRuntime"] ?? ""),
    runtimes: Object.fromEntries(runtimes.map(([name, { runtimeArgs }]) => [name, runtimeArgs ?? []])),
    hasSeccomp: isOn("seccomp"),
    mapsUsers: isOn("userns") || isOn("rootless"),
    cgroupVersion: String(info["CgroupVersion"] ?? "1"),
    limitsMemory: info["MemoryLimit"] === true,
    limitsProcesses: info["PidsLimit"] === true,
  };
}
