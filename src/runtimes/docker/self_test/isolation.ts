import type { CanaryFinding } from "../../../core/diagnosis.ts";
import type { LimitName } from "../../../core/limits.ts";
import type { Isolation } from "../../port.ts";
import type { CanaryCost } from "../../self_test/canary.ts";
import { brokenFindings } from "../../self_test/findings.ts";
import { type ContainerPromises, promisedCanaries } from "./canaries.ts";
import type { EngineInfo } from "../engine/engine_info.ts";

/** The name under which gVisor's own instructions register it. */
export const GVISOR = "runsc";

/** Another kernel between a program and the host's. */
export const LEVEL_OTHER_KERNEL = 10;
/** Every layer of {@link HARDENED}, and a filter for system calls. */
export const LEVEL_HARDENED = 9;
/** Every layer but the filter for system calls. */
const LEVEL_UNFILTERED = 7;
/** A limit that the Engine claims to enforce, and that the self-test found broken. */
const LEVEL_WITHOUT_LIMITS = 6;

/** The layers of every container, whatever its Engine is. */
export const HARDENED = ["container", "namespaces", "no_capabilities", "no_new_privs", "read_only_root"] as const;
const OWN_LIMITS: readonly LimitName[] = ["timeoutMs", "maxOutputBytes", "maxTotalOutputBytes", "diskMb"];
const NO_NETWORK = "--network=none";
const NO_CGROUPS = "--ignore-cgroups";

/** Containers of an OCI runtime, and the findings of its self-test. */
export interface IsolationRequest {
  /** The Engine's facts. Undefined before an Engine has answered: then the isolation is the one to expect. */
  readonly facts: EngineInfo | undefined;
  readonly ociRuntime: string | undefined;
  /** The findings of the self-test. Undefined before the self-test: then all promises count as kept. */
  readonly findings: readonly CanaryFinding[] | undefined;
}

/** The OCI runtime that an isolation level needs; undefined for the Engine's default. */
export function ociRuntimeFor(minIsolation: number, facts: EngineInfo | undefined): string | undefined {
  const isRegistered = facts !== undefined && GVISOR in facts.runtimes;
  return isRegistered && minIsolation >= LEVEL_OTHER_KERNEL ? GVISOR : undefined;
}

/** Why containers of an OCI runtime cannot have a network; undefined when they can. */
export function whyNoNetwork(facts: EngineInfo | undefined, ociRuntime: string | undefined): string | undefined {
  return hasArgument(facts, ociRuntime, NO_NETWORK) ? `${ociRuntime} is registered without a network` : undefined;
}

/** Whether a control group counts and bounds the containers. gVisor can be registered without one. */
export function keepsCgroup(facts: EngineInfo | undefined, ociRuntime: string | undefined): boolean {
  return !hasArgument(facts, ociRuntime, NO_CGROUPS);
}

/**
 * The promises about containers of an OCI runtime. gVisor's kernel filters no system calls inside, and a limit on
 * processes would bound gVisor's own threads instead of the program's.
 */
export function promisesOf(facts: EngineInfo | undefined, ociRuntime: string | undefined): ContainerPromises {
  const isCounted = keepsCgroup(facts, ociRuntime);
  return {
    hasSeccomp: ociRuntime === undefined && (facts?.hasSeccomp ?? true),
    limitsMemory: isCounted && (facts?.limitsMemory ?? true),
    limitsProcesses: ociRuntime === undefined && isCounted && (facts?.limitsProcesses ?? true),
  };
}

/** The isolation of containers as their Engine reports it. Promises that the self-test found broken do not count. */
export function isolationOf({ facts, findings, ociRuntime }: IsolationRequest): Isolation {
  const promises = promisesOf(facts, ociRuntime);
  const canaries = promisedCanaries(promises);
  const broken = (cost: CanaryCost) => findings === undefined ? [] : brokenFindings(findings, { canaries, cost });
  const brokenLimits = broken("limit").map(({ name }) => name);
  const isFiltered = promises.hasSeccomp && broken("filter").length === 0;
  const whole = ociRuntime === undefined ? isFiltered ? LEVEL_HARDENED : LEVEL_UNFILTERED : LEVEL_OTHER_KERNEL;
  const limits: LimitName[] = [
    ...OWN_LIMITS,
    ...(keepsCgroup(facts, ociRuntime) ? ["cpuMs"] as const : []),
    ...(promises.limitsMemory && !brokenLimits.includes("memory") ? ["memoryMb"] as const : []),
    ...(promises.limitsProcesses && !brokenLimits.includes("process_count") ? ["maxProcesses"] as const : []),
  ];
  return {
    level: brokenLimits.length > 0 ? LEVEL_WITHOUT_LIMITS : whole,
    layers: [...HARDENED, ...(ociRuntime !== undefined ? ["gvisor"] : isFiltered ? ["seccomp"] : [])],
    limits,
  };
}

function hasArgument(facts: EngineInfo | undefined, ociRuntime: string | undefined, argument: string): boolean {
  return ociRuntime !== undefined && (facts?.runtimes[ociRuntime]?.includes(argument) ?? false);
}
